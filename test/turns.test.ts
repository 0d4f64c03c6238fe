/** Turns of the event loop: long work is done in many of them, and small work need not wait for it. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limits, turns } from '../src/db/index.ts';

/** Keeps the thread busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('a stretch is over after a while, and a later turn begins another', async () => {
  await setImmediate();
  expect(turns.over).toBe(false);
  work(limits.stretchMs + 2);
  expect(turns.over).toBe(true);
  await sleep(1);
  expect(turns.over).toBe(false);
});

test('values made in turns keep their order, and others are served meanwhile', async () => {
  let others = 0;
  const timer = setInterval(() => {
    others += 1;
  }, 1);
  const values = Array.from({ length: 100 }, (_, index) => index);
  const made = await turns.map(values, (value) => {
    work(1);
    return value * 2;
  });
  clearInterval(timer);
  expect(made).toEqual(values.map((value) => value * 2));
  expect(others).toBeGreaterThan(3);
});

test('a small work that waits goes on before a large one that waited first is done', async () => {
  const order: string[] = [];
  const large = {};
  const steps = Array.from({ length: 1_000 }, async (_, index) => {
    await turns.next(null, large);
    order.push(`large ${index}`);
  });
  const small = turns.next('small').then((name) => order.push(name));
  await Promise.all([...steps, small]);
  expect(order.indexOf('small')).toBeLessThan(3);
  expect(order.filter((name) => name !== 'small')).toEqual(
    steps.map((_, index) => `large ${index}`),
  );
});

test('works that begin together give others a turn', async () => {
  let others = 0;
  let working = true;
  const counting = (async () => {
    while (working) {
      await setImmediate();
      others += 1;
    }
  })();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await turns.next(null);
      order.push(index);
      work(limits.stretchMs / 2);
    }),
  );
  working = false;
  await counting;
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(others).toBeGreaterThan(12);
});
