/** Subscribers that ask the same of the same event share one answer, and nobody gets another's. */
import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type ApiAnswer, codesOf, listen, openApi, TestApi, write } from './support/api.ts';
import { takeEvents } from './support/events.ts';
import { openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { untilWaiting } from './support/until.ts';

interface Subscription {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

/** Follows over sockets of 50 operations each; per subscription the first event that has a todo. */
function follow(url: string, subscriptions: readonly Subscription[]): Promise<ApiAnswer[]> {
  const clients: ReturnType<typeof createClient>[] = [];
  onTestFinished(() => {
    for (const client of clients) client.dispose();
  });
  return Promise.all(
    subscriptions.map(async (subscription, index) => {
      const options = {
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      };
      if (index % 50 === 0) clients.push(createClient(options));
      for await (const event of clients.at(-1)?.iterate({ ...subscription }) ?? []) {
        if (JSON.stringify(event).includes('"todo":{')) return event as ApiAnswer;
      }
      throw new Error('The subscription ended without an event.');
    }),
  );
}

const nested = `kind todo {
  id subject blame { field revision } diff(from: 1) { field }
  history { edges { node { revision changes { field } transaction { id } } } }
}`;

/** Counts the batches that are read by id. @returns how many there were since it was asked last. */
function countBatches(store: Store): () => number {
  let batches = 0;
  for (const name of ['records', 'revisions', 'lastSet', 'transactions'] as const) {
    const read = store[name].bind(store) as (...keys: unknown[]) => unknown;
    const counted = (...keys: unknown[]) => {
      batches += 1;
      return read(...keys);
    };
    Object.assign(store, { [name]: counted });
  }
  return () => {
    const before = batches;
    batches = 0;
    return before;
  };
}

test('hundreds of subscribers cost about as many batches as one', { timeout: 60_000 }, async () => {
  const store = await openTemporary();
  const batchesSince = countBatches(store);
  const api = new TestApi(store);
  const url = `${(await listen(api.app)).url}/graphql`;
  await store.append(Todo, { id: 't' });
  const query = `subscription { todoChanges { ${nested} } }`;
  const costOf = async (subscriptions: readonly Subscription[], subject: string) => {
    const following = follow(url, subscriptions);
    await untilWaiting(store, subscriptions.length);
    batchesSince();
    await store.update(Todo, 't', { subject });
    const answers = await following;
    await untilWaiting(store, 0);
    return { answers, batches: batchesSince() };
  };
  const one = await costOf([{ query }], 'one');
  expect(one.batches).toBeGreaterThan(0);
  const same = await costOf(Array(300).fill({ query }), 'same');
  // What one answer reads comes in more batches, or fewer, as turns of the event loop fall.
  expect(same.batches).toBeLessThanOrEqual(2 * one.batches);
  expect(new Set(same.answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  // Different texts are different answers, but what they read is read together.
  const texts = Array.from({ length: 100 }, (_, index) => ({ query: `${query} # ${index}` }));
  const different = await costOf(texts, 'different');
  expect(different.batches).toBeLessThan(one.batches * 6);
  expect(different.answers[99]?.data.todoChanges.todo.subject).toBe('different');
});

test('variables that show something else get an answer of their own', async () => {
  const api = await openApi();
  const url = `${(await listen(api.app)).url}/graphql`;
  await write(api, 'create', 'Todo', { id: 't' });
  const query = `subscription ($after: Position, $first: Int, $status: Boolean = false) {
    todoChanges(after: $after) {
      todo { ...Shown history(first: $first) { edges { node { revision } } } }
    }
  }
  fragment Shown on Todo { id status @include(if: $status) }`;
  const following = follow(url, [
    { query, variables: { first: 1 } },
    { query, variables: { first: 2, after: '1' } },
    { query, variables: { first: 2, status: true } },
    { query, variables: { first: 1, after: '1' } },
  ]);
  await untilWaiting(api.store, 4);
  await write(api, 'update', 'Todo', { id: 't', status: 'open' });
  const history = (...revisions: number[]) => ({
    edges: revisions.map((revision) => ({ node: { revision } })),
  });
  expect((await following).map(({ data }) => data.todoChanges.todo)).toEqual([
    { id: 't', history: history(2) },
    { id: 't', history: history(2, 1) },
    { id: 't', status: 'open', history: history(2, 1) },
    { id: 't', history: history(2) },
  ]);
});

test('one event is another to those whose filter it enters', async () => {
  const api = await openApi();
  const url = `${(await listen(api.app)).url}/graphql`;
  await write(api, 'create', 'Todo', { id: 't' });
  const query = `subscription ($filter: TodoFilter) {
    todoChanges(filter: $filter) { kind todo { id } previous { id } }
  }`;
  const following = follow(url, [
    { query },
    { query, variables: { filter: { status: { eq: 'open' } } } },
    { query, variables: { filter: { status: { isNull: true } } } },
  ]);
  await untilWaiting(api.store, 3);
  await write(api, 'update', 'Todo', { id: 't', status: 'open' });
  const kinds = (await following).map(({ data }) => data.todoChanges.kind);
  expect(kinds).toEqual(['UPDATE', 'ENTER', 'LEAVE']);
});

test('an error below an event is masked for each of those who share it', async () => {
  const directory = temporaryDirectory();
  const api = await openApi({ directory });
  const url = `${(await listen(api.app)).url}/graphql`;
  await write(api, 'create', 'LakeFile', { filename: 'f', text: 'secret' });
  rawLog(directory).exec('alter table chunks rename to elsewhere');
  const query = 'subscription { lakeFileChanges(after: "0") { lakeFile { filename text } } }';
  for (const turn of [1, 2]) {
    const [event] = await takeEvents(url, query, 1);
    expect(codesOf(event ?? {})).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(event?.data.lakeFileChanges.lakeFile).toEqual({ filename: 'f', text: null });
    expect(JSON.stringify(event)).not.toMatch(/chunks|elsewhere|select|node_modules|\.ts/);
    expect(api.logged).toHaveLength(turn);
  }
});
