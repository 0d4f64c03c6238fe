/** One position per operation, and no read older than a write that was acknowledged before it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { openStore } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { answerOf, listen, openApi, TestApi, write } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { withStore } from './support/temporary-store.ts';

test('all fields of an operation answer at one position, and the response tells which', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'a', priority: 0 });
  await api.store.append(Todo, { id: 'b', priority: 0 });
  const document = `{
    a: todo(id: "a") { priority history { edges { node { revision } } } }
    todos { edges { node { id priority } } }
    b: todo(id: "b") { priority current { revision } }
  }`;
  const writing = (async () => {
    for (let priority = 1; priority <= 60; priority += 1) {
      await api.store.transact(async (log) => {
        await log.update(Todo, 'a', { priority });
        await log.update(Todo, 'b', { priority });
      });
    }
  })();
  const reading = Array.from({ length: 4 }, async () => {
    for (let count = 0; count < 15; count += 1) {
      const { data, extensions } = await api.ask(document);
      const { priority } = data.a;
      expect(data.b).toEqual({ priority, current: { revision: priority + 1 } });
      expect(data.a.history.edges[0].node.revision).toBe(priority + 1);
      const listed = data.todos.edges.map(({ node }: { node: object }) => node);
      expect(listed).toEqual([
        { id: 'b', priority },
        { id: 'a', priority },
      ]);
      expect(extensions).toEqual({ position: String(2 + 2 * priority) });
    }
  });
  await Promise.all([writing, ...reading]);
});

test('a mutation reports the position that it wrote, and its record stands there', async () => {
  const api = await openApi();
  const { data, extensions } = await api.ask(`mutation {
    one: createTodo(input: { id: "a" }) { ... on CreateTodoPayload { todo { position } } }
    two: updateTodo(input: { id: "a", status: "s" }) {
      ... on UpdateTodoPayload { todo { position history { edges { node { revision } } } } }
    }
  }`);
  expect(data.one.todo).toEqual({ position: '1' });
  expect(data.two.todo.position).toBe('2');
  expect(data.two.todo.history.edges).toHaveLength(2);
  expect(extensions).toEqual({ position: '2' });
});

test('an operation that reads nothing has no position', async () => {
  const api = await openApi();
  expect(await api.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

test('the log tells its totals as of the writes before', async () => {
  const api = await openApi();
  const document = '{ log { position replicaPosition committedAt transactions versions } }';
  const empty = (await api.data(document)).log;
  expect(empty).toEqual({
    position: '0',
    replicaPosition: '0',
    committedAt: null,
    transactions: 0,
    versions: 0,
  });
  await api.store.transact(async (log) => {
    await log.create(Todo, { id: 'a' });
    await log.create(Todo, { id: 'b' });
  });
  const { transaction } = await write(api, 'delete', 'Todo', { id: 'a' });
  const { log } = await api.data(document);
  expect(log).toMatchObject({
    position: '3',
    committedAt: transaction.committedAt,
    transactions: 2,
    versions: 3,
  });
});

const plan = fc.array(
  fc.record({
    server: fc.integer({ min: 0, max: 1 }),
    action: fc.constantFrom('create', 'update', 'read', 'read', 'list'),
    id: fc.integer({ min: 0, max: 4 }).map((number) => `t${number}`),
  }),
  { minLength: 5, maxLength: 40 },
);

const readRevision = 'query ($id: ID!) { todo(id: $id) { revision } }';
const listRevisions = '{ todos(first: 1000) { edges { node { id revision } } } }';

test('no answer is older than what was acknowledged before it was asked, by any server', () =>
  checkProperty('reads after writes', fc.array(plan, { minLength: 2, maxLength: 5 }), 12, (lanes) =>
    withStore(
      { replicaInMemory: true, replicaLimits: { mergeRows: 8 } },
      async (store, directory) => {
        const other = await openStore({
          directory,
          entities: shippedEntities,
          replicaInMemory: true,
        });
        const servers = [new TestApi(store), new TestApi(other)];
        const acknowledged = new Map<string, number>();
        let counter = 0;
        const step = async ({ server, action, id }: (typeof lanes)[number][number]) => {
          const api = servers[server] as TestApi;
          const known = new Map(acknowledged);
          if (action === 'read') {
            const { todo } = await api.data(readRevision, { id });
            expect(todo?.revision ?? 0).toBeGreaterThanOrEqual(known.get(id) ?? 0);
          } else if (action === 'list') {
            const { todos } = await api.data(listRevisions);
            const found = new Map<string, number>(
              todos.edges.map(({ node }: { node: { id: string; revision: number } }) => [
                node.id,
                node.revision,
              ]),
            );
            for (const [name, revision] of known)
              expect(found.get(name)).toBeGreaterThanOrEqual(revision);
          } else {
            counter += 1;
            const { record } = await write(api, action, 'Todo', { id, subject: `${counter}` });
            if (record) acknowledged.set(id, Math.max(acknowledged.get(id) ?? 0, record.revision));
          }
        };
        try {
          await Promise.all(
            lanes.map(async (lane) => {
              for (const item of lane) await step(item);
            }),
          );
        } finally {
          await other.close();
        }
      },
    ),
  ));

test('of clients that update one revision over HTTP at once exactly one succeeds', async () => {
  const api = await openApi();
  const { url } = await listen(createApp(api.store));
  await api.store.append(Todo, { id: 'a' });
  const query = `mutation ($status: String) {
    updateTodo(input: { id: "a", expectedRevision: 1, status: $status }) { __typename }
  }`;
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const body = JSON.stringify({ query, variables: { status: `${index}` } });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
      return (await answerOf(response)).data.updateTodo.__typename as string;
    }),
  );
  expect(answers.filter((name) => name === 'UpdateTodoPayload')).toHaveLength(1);
  expect(answers.filter((name) => name === 'RevisionConflict')).toHaveLength(19);
});
