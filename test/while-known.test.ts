/** Events for as long as it is known who asks: how they end, and that nothing is left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atMoment, whileKnown } from '../src/http/identity/while-known.ts';

const soon = () => Date.now() + 30;
const farOff = Date.UTC(9999, 0);

/** A source that gives an event each time that it is told to. */
function source() {
  const waiting: ((result: IteratorResult<string>) => void)[] = [];
  const state = { asked: 0, ended: 0 };
  const events: AsyncIterableIterator<string> = {
    [Symbol.asyncIterator]: () => events,
    next: () => {
      state.asked += 1;
      return new Promise((resolve) => waiting.push(resolve));
    },
    return: async () => {
      state.ended += 1;
      return { done: true, value: undefined };
    },
  };
  const give = (result: IteratorResult<string>) => waiting.shift()?.(result);
  return { events, state, give };
}

const event = (value: string) => ({ done: false, value }) as const;
const end = { done: true, value: undefined } as const;

test('events are passed on, and the end of their source is their end', async () => {
  const { events, state, give } = source();
  const known = whileKnown(events, farOff, () => 'over');
  for (const value of ['a', 'b']) {
    const next = known.next();
    give(event(value));
    expect(await next).toEqual(event(value));
  }
  const last = known.next();
  give(end);
  expect(await last).toEqual(end);
  expect(await known.next()).toEqual(end);
  expect(state.asked).toBe(3);
});

test('whoever waits when it is over is told so, once, and the source is ended', async () => {
  const { events, state } = source();
  const known = whileKnown(events, soon(), () => 'over');
  expect(await known.next()).toEqual(event('over'));
  expect(state).toEqual({ asked: 1, ended: 1 });
  expect(await known.next()).toEqual(end);
  expect(state).toEqual({ asked: 1, ended: 1 });
});

test('whoever asks when it is over gets nothing of what is there', async () => {
  const { events, state, give } = source();
  const known = whileKnown(events, soon(), () => 'over');
  const first = known.next();
  give(event('a'));
  expect(await first).toEqual(event('a'));
  await sleep(60);
  expect(await known.next()).toEqual(event('over'));
  expect(state.asked).toBe(1);
});

test('what comes when it is over already is not shown', async () => {
  const { events, give } = source();
  const known = whileKnown(events, Date.now() - 1, () => 'over');
  const next = known.next();
  await sleep(5);
  give(event('late'));
  expect(await next).toEqual(event('over'));
});

test('whoever leaves leaves nobody waiting', async () => {
  const { events, state } = source();
  const known = whileKnown(events, farOff, () => 'over');
  const next = known.next();
  expect(await known.return?.()).toEqual(end);
  expect(await next).toEqual(end);
  expect(state.ended).toBe(1);
});

test('a source that fails fails', async () => {
  const { events } = source();
  const failing = { ...events, next: () => Promise.reject(new Error('failed')) };
  const known = whileKnown({ [Symbol.asyncIterator]: () => failing }, farOff, () => 'over');
  await expect(known.next()).rejects.toThrow('failed');
});

test('a moment that no timer reaches is waited for', async () => {
  let called = 0;
  const callOffs = [farOff, Number.MAX_VALUE, Number.POSITIVE_INFINITY].map((moment) =>
    atMoment(moment, () => {
      called += 1;
    }),
  );
  await sleep(30);
  for (const callOff of callOffs) callOff();
  expect(called).toBe(0);
});
