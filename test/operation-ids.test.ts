/** Ids of operations over WebSocket: used again as soon as the one before has been completed. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { listen, openApi } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { untilWaiting } from './support/until.ts';

type Say = readonly ['subscribe', string, string] | readonly ['complete', string];

/** Says it all in one packet, as a client does that does not wait. */
function sayAtOnce(talk: Conversation, said: readonly Say[]): void {
  // Without the listener's frames between them: what is corked leaves together.
  const socket = (talk.socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
  socket.cork();
  for (const [type, id, query] of said)
    talk.send({ type, id, ...(query && { payload: { query } }) });
  socket.uncork();
}

async function open() {
  const api = await openApi();
  const { url } = await listen(api.app);
  const talk = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  return { api, talk };
}

const create = (id: string) =>
  `mutation { createTodo(input: { id: "${id}" }) { ... on CreateTodoPayload { todo { id } } } }`;
const query = '{ log { __typename } }';
const follow = 'subscription { changes(after: "0") { id } }';
const kinds = { query, mutation: create('before'), subscription: follow };

describe('an id that is used again right after it was completed', () => {
  test.for(Object.entries(kinds))('by a %s before', async ([, before]) => {
    const { api, talk } = await open();
    // The answer of the operation after it, and nothing of the one before.
    sayAtOnce(talk, [
      ['subscribe', '1', before],
      ['complete', '1'],
      ['subscribe', '1', create('after')],
    ]);
    expect(await talk.next()).toMatchObject({
      type: 'next',
      id: '1',
      payload: { data: { createTodo: { todo: { id: 'after' } } } },
    });
    expect(await talk.next()).toEqual({ type: 'complete', id: '1' });
    talk.send({ type: 'ping' });
    expect(await talk.next()).toEqual({ type: 'pong' });
    await untilWaiting(api.store, 0);
  });

  test('in the other order: the mutation before is made, and not told', async () => {
    const { api, talk } = await open();
    sayAtOnce(talk, [
      ['subscribe', '1', create('before')],
      ['complete', '1'],
      ['subscribe', '1', query],
    ]);
    expect(await talk.next()).toMatchObject({ id: '1', payload: { data: { log: {} } } });
    expect(await talk.next()).toEqual({ type: 'complete', id: '1' });
    talk.subscribe('2', '{ todo(id: "before") { id } }');
    expect((await talk.next()).payload.data).toEqual({ todo: { id: 'before' } });
    expect(await api.position()).toBe('1');
  });

  test('by a subscription, which then is told everything', async () => {
    const { api, talk } = await open();
    sayAtOnce(talk, [
      ['subscribe', '1', follow],
      ['complete', '1'],
      ['subscribe', '1', follow],
    ]);
    await untilWaiting(api.store, 1);
    await api.data(create('a'));
    expect(await talk.next()).toMatchObject({
      id: '1',
      payload: { data: { changes: { id: 'a' } } },
    });
    talk.send({ type: 'complete', id: '1' });
    await untilWaiting(api.store, 0);
    await api.data(create('b'));
    talk.send({ type: 'ping' });
    expect(await talk.next()).toEqual({ type: 'pong' });
  });

  test('again and again: each operation that stays is answered once', async () => {
    const { talk } = await open();
    const rounds = Array.from({ length: 50 }, (_, round): Say[] => [
      ['subscribe', 'x', round % 2 ? query : follow],
      ['complete', 'x'],
    ]);
    sayAtOnce(talk, [...rounds.flat(), ['subscribe', 'x', query]]);
    expect(await talk.next()).toMatchObject({ type: 'next', id: 'x' });
    expect(await talk.next()).toEqual({ type: 'complete', id: 'x' });
    talk.send({ type: 'ping' });
    expect(await talk.next()).toEqual({ type: 'pong' });
  });
});

test('an id may be any text, and is given back as it came', async () => {
  const { talk } = await open();
  for (const id of [
    '1',
    '"quoted"',
    'é€🎨',
    '__proto__',
    '1","type":"x',
    '\\',
    'x'.repeat(10_000),
  ]) {
    talk.subscribe(id, query);
    expect(await talk.next()).toMatchObject({ type: 'next', id });
    expect(await talk.next()).toEqual({ type: 'complete', id });
    talk.subscribe(id, '{ nope }');
    expect(await talk.next()).toMatchObject({ type: 'error', id });
  }
});

test('an id that is under way ends the connection, however long it is', async () => {
  for (const id of ['y', 'y'.repeat(200)]) {
    const { talk } = await open();
    const closed = once(talk.socket, 'close');
    sayAtOnce(talk, [
      ['subscribe', id, follow],
      ['subscribe', id, follow],
    ]);
    const [code, reason] = await closed;
    const shown = id === 'y' ? 'Subscriber for y already exists' : 'Subscriber already exists';
    expect([code, String(reason)]).toEqual([4409, shown]);
  }
});
