/** Apollo Client as its users have it, set up as docs/clients.md says, against a real server. */
import './support/web-socket.ts';
import { readFileSync } from 'node:fs';
import { ApolloClient, ApolloLink, gql, InMemoryCache } from '@apollo/client';
import { buildSchema, isAbstractType } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { connect } from './clients/apollo/clients.ts';
import { followTodos, type TodoChange } from './clients/apollo/follow.ts';
import { overServerSentEvents } from './clients/apollo/server-sent-events.ts';
import { changeTodo, type Todo as Shown, todoShown } from './clients/apollo/todos.ts';
import { overWebSocket } from './clients/apollo/web-socket.ts';
import { possibleTypesOf } from './clients/possible-types.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { type Served, serve } from './support/served.ts';
import { until } from './support/until.ts';

const transports = { WebSocket: overWebSocket, 'server-sent events': overServerSentEvents };

interface Setting extends Served, ReturnType<typeof connect> {
  readonly api: TestApi;
  /** The operations that left for the server. */
  readonly sent: string[];
}

async function open(over: keyof typeof transports = 'WebSocket'): Promise<Setting> {
  const api = await openApi();
  const served = await serve(api);
  const sent: string[] = [];
  const counting = new ApolloLink((operation, forward) => {
    sent.push(operation.operationName ?? '');
    return forward(operation);
  });
  const link = ApolloLink.from([counting, transports[over](served.url)]);
  const clients = connect(link, await possibleTypesOf(served.url));
  onTestFinished(() => {
    clients.current.stop();
    clients.past.stop();
  });
  return { api, sent, ...served, ...clients };
}

const todos = gql`
  query Todos($after: String, $asOf: AsOf) {
    todos(first: 3, after: $after, asOf: $asOf) {
      totalCount
      edges { node { ...TodoShown } }
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

interface List {
  readonly todos: {
    readonly edges: readonly { readonly node: Shown }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}
const nodesOf = (data: unknown) => (data as List).todos.edges.map(({ node }) => node);
const cachedTodo = ({ cache }: ApolloClient, id: string) =>
  cache.readFragment({ id: `Todo:${id}`, fragment: todoShown });

/** A list that is on screen: what it shows now. */
async function watch(client: ApolloClient) {
  const query = client.watchQuery({ query: todos });
  const subscription = query.subscribe(() => {});
  onTestFinished(() => subscription.unsubscribe());
  await until(() => !query.getCurrentResult().loading);
  return { query, shown: () => nodesOf(query.getCurrentResult().data) };
}

const byId = (nodes: readonly Shown[]) =>
  Object.fromEntries(nodes.map(({ id, status }) => [id, status]));

test('which types an interface or a union stands for is what the schema says', async () => {
  const { url } = await serve(await openApi());
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const expected = Object.fromEntries(
    abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
  );
  expect(await possibleTypesOf(url)).toEqual(expected);
  expect(expected).toMatchObject({ Version: ['TodoVersion', 'LakeFileVersion'] });
});

test('the answer to a mutation shows in a list that was read before', async () => {
  const { api, current, sent } = await open();
  for (const id of ['a', 'b']) await write(api, 'create', 'Todo', { id, status: 'open' });
  const { shown } = await watch(current);
  const [first] = shown();
  const { data } = await changeTodo(current, first as Shown, { status: 'done' });
  expect(data).toMatchObject({ updateTodo: { __typename: 'UpdateTodoPayload' } });
  expect(byId(shown())).toMatchObject({ [(first as Shown).id]: 'done' });
  expect(sent).toEqual(['Todos', 'UpdateTodo']);
});

test('a version is kept once, wherever it was read', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
  await current.query({ query: todo, variables: { id: 'a' } });
  const query = gql`{ todo(id: "a") { id current { id status } } changes(after: "0") { changes { id version { id } } } }`;
  await current.query({ query });
  const versions = Object.keys(current.cache.extract() as object).filter((key) =>
    /Version:/.test(key),
  );
  expect(versions.sort()).toEqual(['TodoVersion:a@1', 'TodoVersion:a@2']);
  // A fragment on the interface finds it: the cache knows which types that stands for.
  const fragment = gql`fragment AnyVersion on Version { id }`;
  expect(current.cache.readFragment({ id: 'TodoVersion:a@2', fragment })).toMatchObject({
    id: 'a@2',
  });
});

test('each problem arrives with the fields of its own type', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await write(api, 'update', 'Todo', { id: 'a', status: 'doing' });
  const stale = {
    __typename: 'Todo',
    id: 'a',
    revision: 1,
    subject: null,
    status: 'open',
    priority: 100,
  };
  const { data } = await changeTodo(current, stale as Shown, { status: 'done' });
  expect(data).toMatchObject({
    updateTodo: {
      __typename: 'RevisionConflict',
      code: 'REVISION_CONFLICT',
      expected: 1,
      actual: 2,
      changedFields: ['status'],
    },
  });
  const none = await changeTodo(current, { ...stale, id: 'none' } as Shown, { status: 'done' });
  expect(none.data).toMatchObject({ updateTodo: { __typename: 'NotFound', code: 'NOT_FOUND' } });
});

test('a change shows before it is answered, and not any longer when someone else was faster', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  const { shown } = await watch(current);
  const [before] = shown() as [Shown];
  await write(api, 'update', 'Todo', { id: 'a', priority: 1 });
  const answering = changeTodo(current, before, { status: 'done' });
  expect(shown()).toMatchObject([{ status: 'done', revision: 2 }]);
  expect((await answering).data).toMatchObject({ updateTodo: { __typename: 'RevisionConflict' } });
  expect(shown()).toEqual([before]);
});

test('a dry run stays out of the cache when it is asked to', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  const { shown } = await watch(current);
  const mutation = gql`mutation {
    updateTodo(input: { id: "a", status: "done" }, options: { dryRun: true }) {
      ... on UpdateTodoPayload { todo { ...TodoShown current { id } } }
    }
  } ${todoShown}`;
  const { data } = await current.mutate({ mutation, fetchPolicy: 'no-cache' });
  expect(data).toMatchObject({ updateTodo: { todo: { status: 'done', current: { id: 'a@2' } } } });
  expect(byId(shown())).toEqual({ a: 'open' });
  expect(current.cache.extract()).not.toHaveProperty(['TodoVersion:a@2']);
});

describe('paging', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

  test('page after page gives each todo once, whatever others write meanwhile', async () => {
    const { api, current } = await open();
    for (const [priority, id] of ids(10).entries()) await api.store.append(Todo, { id, priority });
    const { query, shown } = await watch(current);
    for (let page = 1; page < 4; page += 1) {
      // To the front of the list, out of it, and from its end to its front.
      await api.store.append(Todo, { id: `new${page}`, priority: 0 });
      await api.store.delete(Todo, `t${9 - page}`);
      await api.store.update(Todo, `t${3 * page + 1}`, { priority: 0 }).catch(() => {});
      const { pageInfo } = (query.getCurrentResult().data as List).todos;
      expect(pageInfo.hasNextPage).toBe(true);
      const before = shown().length;
      await query.fetchMore({ variables: { after: pageInfo.endCursor } });
      await until(() => shown().length > before);
    }
    expect(shown().map(({ id }) => id)).toEqual(ids(10));
    expect((query.getCurrentResult().data as List).todos.pageInfo.hasNextPage).toBe(false);
  });

  test('lists of other conditions, and of other moments, are other lists', async () => {
    const { api, past } = await open();
    for (const id of ids(4)) await api.store.append(Todo, { id });
    for (const position of ['2', '3']) {
      await past.query({ query: todos, variables: { asOf: { position } } });
    }
    const list = (position: string) =>
      nodesOf(past.cache.readQuery({ query: todos, variables: { asOf: { position } } })).length;
    expect([list('2'), list('3')]).toEqual([2, 3]);
  });

  test('a further page is as old as the first: following from there sets it right', async () => {
    const { api, current } = await open();
    for (const [priority, id] of ids(6).entries()) await api.store.append(Todo, { id, priority });
    const { query, shown } = await watch(current);
    const started = await api.position();
    await api.store.update(Todo, 't4', { status: 'done' });
    const { endCursor } = (query.getCurrentResult().data as List).todos.pageInfo;
    await query.fetchMore({ variables: { after: endCursor } });
    await until(() => shown().length === 6);
    expect(byId(shown())).toMatchObject({ t4: null });
    const following = followTodos(current, started).subscribe();
    onTestFinished(() => following.unsubscribe());
    await until(() => byId(shown()).t4 === 'done');
  });
});

describe.each(Object.keys(transports) as (keyof typeof transports)[])('over %s', (over) => {
  /** Follows into the cache; the events so far. */
  function follow(client: ApolloClient, after: string): TodoChange[] {
    const events: TodoChange[] = [];
    const following = followTodos(client, after).subscribe((event) => events.push(event));
    onTestFinished(() => following.unsubscribe());
    return events;
  }

  test('changes by others reach the cache, and what they delete leaves its lists', async () => {
    const { api, current } = await open(over);
    for (const id of ['a', 'b']) await write(api, 'create', 'Todo', { id, status: 'open' });
    const { query, shown } = await watch(current);
    const events = follow(current, await api.position());
    await until(() => events.length === 1);
    await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
    await until(() => byId(shown()).a === 'done');
    await write(api, 'delete', 'Todo', { id: 'b' });
    await until(() => shown().length === 1);
    await write(api, 'create', 'Todo', { id: 'c' });
    await until(() => events.at(-1)?.kind === 'ENTER');
    await query.refetch();
    await until(() => shown().length === 2);
    expect(byId(shown())).toEqual({ a: 'done', c: null });
    expect(events.map(({ kind, id }) => [kind, id])).toEqual([
      ['CAUGHT_UP', null],
      ['UPDATE', 'a'],
      ['LEAVE', 'b'],
      ['ENTER', 'c'],
    ]);
  });

  test('an event that comes after a newer answer changes nothing', async () => {
    const { api, current } = await open(over);
    await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
    await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
    const { shown } = await watch(current);
    const seen: unknown[] = [];
    const looking = current.watchQuery({ query: todos }).subscribe(() => seen.push(byId(shown())));
    onTestFinished(() => looking.unsubscribe());
    const events = follow(current, '0');
    await until(() => events.at(-1)?.kind === 'CAUGHT_UP');
    expect(events).toHaveLength(3);
    expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(new Set(['{"a":"done"}']));
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
    expect(cachedTodo(current, 'meanwhile2')).toMatchObject({ revision: 1 });
  });

  test('a refused feed says why, and is not asked for again', async () => {
    const { api, current, sent } = await open(over);
    await write(api, 'create', 'Todo', { id: 'a' });
    const refused = new Promise((_, reject) => {
      followTodos(current, '2').subscribe({ error: reject });
    });
    await expect(refused).rejects.toThrow('after: must not be after the last position 1');
    expect(sent).toEqual(['FollowTodos']);
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
    const client = new ApolloClient({ link: overWebSocket(url), cache: new InMemoryCache() });
    onTestFinished(() => client.stop());
    const { shown } = await watch(client);
    expect(byId(shown())).toEqual({ a: 'done' });
    await client.query({ query: todo, variables: at(1) });
    await until(() => byId(shown()).a === 'open');
    await expect(current.query({ query: todo, variables: at(1) })).rejects.toThrow(
      'OneTodo has asOf: ask the client `past`.',
    );
  });

  test('in a client of its own every moment stays what it was, and so does the present', async () => {
    const { current, past, sent } = await openWithPast();
    const { shown } = await watch(current);
    const statusAt = async (position: number) => {
      const { data } = await past.query({ query: todo, variables: at(position) });
      const { todo: found } = data as { todo: Shown & { history: { totalCount: number } } };
      return [found.status, found.history.totalCount];
    };
    for (let round = 0; round < 2; round += 1) {
      expect(await statusAt(1)).toEqual(['open', 1]);
      expect(await statusAt(2)).toEqual(['doing', 2]);
      expect(await statusAt(3)).toEqual(['done', 3]);
    }
    expect(byId(shown())).toEqual({ a: 'done' });
    // What was can be read from the cache for ever.
    expect(sent).toEqual(['Todos', 'OneTodo', 'OneTodo', 'OneTodo']);
  });

  test('then and now in one answer do not mix', async () => {
    const { past } = await openWithPast();
    const query = gql`query ThenAndNow {
      before: todo(id: "a", asOf: { position: "1" }) { ...TodoShown }
      now: todo(id: "a") { ...TodoShown }
    } ${todoShown}`;
    const { data } = await past.query({ query, fetchPolicy: 'network-only' });
    expect(data).toMatchObject({ before: { status: 'open' }, now: { status: 'done' } });
  });

  test('the same document shows now and then: its moment chooses the client', async () => {
    const { current, past } = await openWithPast();
    const [now, before] = [
      await current.query({ query: todo, variables: { id: 'a', asOf: null } }),
      await past.query({ query: todo, variables: at(2) }),
    ];
    expect([now.data, before.data]).toMatchObject([
      { todo: { status: 'done' } },
      { todo: { status: 'doing' } },
    ]);
  });

  test('restoring as of the past is a write, and its answer is current', async () => {
    const { current } = await openWithPast();
    const { shown } = await watch(current);
    const mutation = gql`mutation Restore {
      restoreTodo(id: "a", asOf: { position: "1" }) {
        ... on RestoreTodoPayload { todo { ...TodoShown } }
      }
    } ${todoShown}`;
    await current.mutate({ mutation });
    expect(shown()).toMatchObject([{ status: 'open', revision: 4 }]);
  });
});
