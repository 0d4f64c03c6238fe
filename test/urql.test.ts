/** urql as its users have it, set up as docs/clients.md says, against a real server. */
import './support/web-socket.ts';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { introspect } from './clients/introspect.ts';
import { connect, overWebSocket } from './clients/urql/clients.ts';
import { followTodos, type TodoChange } from './clients/urql/follow.ts';
import { changeTodo, type Todo as Shown, todoShown } from './clients/urql/todos.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { type Served, serve } from './support/served.ts';
import { until } from './support/until.ts';

const transports = { WebSocket: overWebSocket, 'server-sent events': () => undefined };
type Transport = keyof typeof transports;

// Graphcache says there what it cannot key, or finds wrong.
const warned = vi.spyOn(console, 'warn');
beforeEach(() => void warned.mockClear());
afterEach(() => expect(warned.mock.calls).toEqual([]));

interface Setting extends Served, ReturnType<typeof connect> {
  readonly api: TestApi;
}

async function open(over: Transport = 'WebSocket'): Promise<Setting> {
  const api = await openApi();
  const served = await serve(api);
  const clients = connect(served.url, await introspect(served.url), transports[over](served.url));
  return { api, ...served, ...clients };
}

const todos = gql<{ todos: Connection }>`
  query Todos($after: String, $asOf: AsOf) {
    todos(first: 3, after: $after, asOf: $asOf) {
      totalCount
      edges { cursor node { ...TodoShown } }
      pageInfo { hasNextPage endCursor }
    }
  }
  ${todoShown}
`;
const todo = gql`
  query OneTodo($id: ID!, $asOf: AsOf) {
    todo(id: $id, asOf: $asOf) { ...TodoShown history { totalCount edges { node { id status } } } }
  }
  ${todoShown}
`;

interface Connection {
  readonly edges: readonly { readonly node: Shown }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

/** A list that is on screen: what it shows now. */
async function watch(client: Client) {
  const seen: (readonly Shown[])[] = [];
  const { unsubscribe } = client.query(todos, {}).subscribe(({ data, error }) => {
    if (error) throw error;
    if (data) seen.push(data.todos.edges.map(({ node }) => node));
  });
  onTestFinished(unsubscribe);
  await until(() => seen.length > 0);
  return Object.assign(() => seen.at(-1) as readonly Shown[], { seen });
}

const byId = (nodes: readonly Shown[]) =>
  Object.fromEntries(nodes.map(({ id, status }) => [id, status]));

test('the answer to a mutation shows in a list that was read before', async () => {
  const { api, current } = await open();
  for (const id of ['a', 'b']) await write(api, 'create', 'Todo', { id, status: 'open' });
  const shown = await watch(current);
  const [first] = shown() as [Shown];
  const { data } = await changeTodo(current, first, { status: 'done' });
  expect(data.updateTodo.__typename).toBe('UpdateTodoPayload');
  expect(byId(shown())).toMatchObject({ [first.id]: 'done' });
  const known = current.readQuery(todos, {})?.data?.todos.edges.map(({ node }) => node);
  expect(known).toEqual(shown());
});

test('each problem arrives with the fields of its own type', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await write(api, 'update', 'Todo', { id: 'a', status: 'doing' });
  const stale = { __typename: 'Todo', id: 'a', revision: 1 } as Shown;
  const { data } = await changeTodo(current, stale, { status: 'done' });
  expect(data.updateTodo).toMatchObject({
    __typename: 'RevisionConflict',
    code: 'REVISION_CONFLICT',
    expected: 1,
    actual: 2,
    changedFields: ['status'],
  });
  const none = await changeTodo(current, { ...stale, id: 'none' }, { status: 'done' });
  expect(none.data.updateTodo).toMatchObject({ __typename: 'NotFound', code: 'NOT_FOUND' });
});

test('a change shows before it is answered, and not any longer when someone else was faster', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  const shown = await watch(current);
  const [before] = shown() as [Shown];
  await write(api, 'update', 'Todo', { id: 'a', priority: 1 });
  const { data } = await changeTodo(current, before, { status: 'done' });
  expect(data.updateTodo.__typename).toBe('RevisionConflict');
  await until(() => shown()[0]?.status === 'open');
  expect(shown.seen).toEqual([[before], [{ ...before, status: 'done', revision: 2 }], [before]]);
});

test('a dry run goes to the client that normalises nothing', async () => {
  const { api, current, past } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  const shown = await watch(current);
  const mutation = gql`mutation {
    updateTodo(input: { id: "a", status: "done" }, options: { dryRun: true }) {
      ... on UpdateTodoPayload { todo { ...TodoShown current { id } } }
    }
  } ${todoShown}`;
  const { data } = await past.mutation(mutation, {}).toPromise();
  expect(data.updateTodo.todo).toMatchObject({ status: 'done', current: { id: 'a@2' } });
  expect(byId(shown())).toEqual({ a: 'open' });
});

test('page after page gives each todo once, whatever others write meanwhile', async () => {
  const { api, current } = await open();
  const ids = Array.from({ length: 10 }, (_, index) => `t${index}`);
  for (const [priority, id] of ids.entries()) await api.store.append(Todo, { id, priority });
  let after: string | null = null;
  let shown: readonly Shown[] = [];
  for (let page = 1; page <= 4; page += 1) {
    const answer: { data?: { todos: Connection } } = await current.query(todos, { after });
    const { edges, pageInfo } = (answer.data as { todos: Connection }).todos;
    expect(pageInfo.hasNextPage).toBe(page < 4);
    after = pageInfo.endCursor;
    shown = edges.map(({ node }) => node);
    // To the front of the list, and out of it.
    await api.store.append(Todo, { id: `new${page}`, priority: 0 });
    await api.store.delete(Todo, `t${9 - page}`);
  }
  expect(shown.map(({ id }) => id)).toEqual(ids);
});

describe.each(Object.keys(transports) as Transport[])('over %s', (over) => {
  /** Follows into the cache; the events so far. */
  function follow(client: Client, after: string): TodoChange[] {
    const events: TodoChange[] = [];
    onTestFinished(followTodos(client, after, (event) => events.push(event)));
    return events;
  }

  test('changes by others reach the cache, with what they create and delete', async () => {
    const { api, current } = await open(over);
    for (const id of ['a', 'b']) await write(api, 'create', 'Todo', { id, status: 'open' });
    const shown = await watch(current);
    const events = follow(current, await api.position());
    await until(() => events.length === 1);
    await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
    await until(() => byId(shown()).a === 'done');
    await write(api, 'delete', 'Todo', { id: 'b' });
    await until(() => shown().length === 1);
    await write(api, 'create', 'Todo', { id: 'c' });
    await until(() => shown().length === 2);
    expect(byId(shown())).toEqual({ a: 'done', c: null });
    expect(events.map(({ kind, id }) => [kind, id])).toEqual([
      ['CAUGHT_UP', null],
      ['UPDATE', 'a'],
      ['LEAVE', 'b'],
      ['ENTER', 'c'],
    ]);
  });

  test('a lost connection is taken up again after the last event', async () => {
    const { api, current, cut } = await open(over);
    const events = follow(current, '0');
    await until(() => events.length === 1);
    for (let round = 1; round <= 2; round += 1) {
      await write(api, 'create', 'Todo', { id: `before${round}` });
      await until(() => events.at(-1)?.id === `before${round}`);
      expect(cut()).toBeGreaterThan(0);
      await api.store.append(Todo, { id: `meanwhile${round}` });
      await until(() => events.filter(({ kind }) => kind === 'CAUGHT_UP').length === round + 1);
    }
    const told = events.filter(({ kind }) => kind !== 'CAUGHT_UP').map(({ id }) => id);
    expect(told).toEqual(['before1', 'meanwhile1', 'before2', 'meanwhile2']);
  });

  test('a refused feed says why, and is not asked for again', async () => {
    const { api, current } = await open(over);
    await write(api, 'create', 'Todo', { id: 'a' });
    const error = await new Promise<Error>((refused) => {
      followTodos(current, '2', undefined, refused);
    });
    expect(error.message).toContain('after: must not be after the last position 1');
  });
});

describe('the past', () => {
  async function openWithPast(): Promise<Setting> {
    const setting = await open();
    for (const status of ['open', 'doing', 'done']) {
      const verb = status === 'open' ? 'create' : 'update';
      await write(setting.api, verb, 'Todo', { id: 'a', status });
    }
    return setting;
  }
  const at = (position: number) => ({ id: 'a', asOf: { position: String(position) } });

  test('in one cache with the present it would be taken for it', async () => {
    const { url, current } = await openWithPast();
    const silent = { TodoConnection: () => null, TodoEdge: () => null, PageInfo: () => null };
    const versions = { TodoVersionConnection: () => null, TodoVersionEdge: () => null };
    const mixing = cacheExchange({ keys: { ...silent, ...versions } });
    const client = new Client({ url, exchanges: [mixing, fetchExchange] });
    const shown = await watch(client);
    expect(byId(shown())).toEqual({ a: 'done' });
    await client.query(todo, at(1));
    await until(() => byId(shown()).a === 'open');
    const { error } = await current.query(todo, at(1));
    expect(error?.message).toBe('[Network] A query has asOf: ask the client `past`.');
    const answer = await current.query(todo, { id: 'a', asOf: null });
    expect(answer.error).toBeUndefined();
    expect(answer.data.todo.status).toBe('done');
  });

  test('in a client of its own every moment stays what it was, and so does the present', async () => {
    const { current, past } = await openWithPast();
    const shown = await watch(current);
    const statusAt = async (position: number) => {
      const { data } = await past.query(todo, at(position));
      return [data.todo.status, data.todo.history.totalCount];
    };
    for (let round = 0; round < 2; round += 1) {
      expect(await statusAt(1)).toEqual(['open', 1]);
      expect(await statusAt(2)).toEqual(['doing', 2]);
      expect(await statusAt(3)).toEqual(['done', 3]);
    }
    expect(byId(shown())).toEqual({ a: 'done' });
    // What was can be read from the cache for ever.
    expect(past.readQuery(todo, at(2))?.data.todo).toMatchObject({ status: 'doing', revision: 2 });
  });
});
