/** Relay: its compiler takes schema.graphql as it is, and its runtime runs what that compiles. */
import './support/web-socket.ts';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
// @ts-expect-error: it has no types; it is the path of this platform's executable.
import compiler from 'relay-compiler';
import runtime, { type GraphQLTaggedNode, type IEnvironment } from 'relay-runtime';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { connect } from './clients/relay/environments.ts';
import { schemaForRelay } from './clients/relay/schema.ts';
import { openApi, write } from './support/api.ts';
import { serve } from './support/served.ts';
import { lastingDirectory, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const { commitMutation, createOperationDescriptor, fetchQuery, requestSubscription } = runtime;

const documents = {
  Todos_shown: 'fragment Todos_shown on Todo { subject status revision }',
  TodosQuery: `query TodosQuery($after: String) {
    todos(first: 2, after: $after) @connection(key: "TodosQuery_todos") {
      totalCount
      edges { node { id ...Todos_shown current { id operation } } }
    }
  }`,
  Todos_detail: `fragment Todos_detail on Todo @refetchable(queryName: "TodosDetailRefetch") {
    subject
    status
    history(first: 2) { edges { node { id changes { field } } } }
  }`,
  TodosThenQuery: `query TodosThenQuery($id: ID!, $asOf: AsOf) {
    todo(id: $id, asOf: $asOf) { id subject status ...Todos_detail }
  }`,
  TodosUpdateMutation: `mutation TodosUpdateMutation($input: UpdateTodoInput!) {
    updateTodo(input: $input) {
      __typename
      ... on UpdateTodoPayload { todo { status revision } }
      ... on Problem { code message }
    }
  }`,
  TodosFollowSubscription: `subscription TodosFollowSubscription($after: Position) {
    todoChanges(after: $after) { kind position id todo { status revision } version { id } }
  }`,
};

type Artifact = keyof typeof documents | 'TodosDetailRefetch';
let artifact: (name: Artifact) => GraphQLTaggedNode;

/** Compiles documents for a schema. @returns where the artifacts are. */
function compile(directory: string, schema: string, compiled: Partial<typeof documents>): string {
  writeFileSync(join(directory, 'schema.graphql'), schema);
  cpSync('test/clients/relay/relay.config.json', join(directory, 'relay.config.json'));
  mkdirSync(join(directory, 'src'));
  const tagged = Object.values(compiled).map((text) => `graphql\`${text}\`;`);
  writeFileSync(join(directory, 'src', 'Todos.js'), tagged.join('\n'));
  execFileSync(compiler, [], { cwd: directory, stdio: 'pipe', encoding: 'utf8' });
  return join(directory, 'src', '__generated__');
}

const schema = readFileSync('schema.graphql', 'utf8');

beforeAll(() => {
  const artifacts = compile(lastingDirectory(), schemaForRelay(schema), documents);
  const require = createRequire(join(artifacts, 'index.js'));
  artifact = (name) => require(`./${name}.graphql.js`) as GraphQLTaggedNode;
});

test('the compiler takes the schema as it is, but for refetching through a node with asOf', () => {
  const { Todos_detail: _, TodosThenQuery: _and, ...others } = documents;
  compile(temporaryDirectory(), schema, others);
  expect(() => compile(temporaryDirectory(), schema, documents)).toThrow(
    "Invalid use of @refetchable on fragment 'Todos_detail'",
  );
});

async function open() {
  const api = await openApi();
  const { url } = await serve(api);
  return { api, ...connect(url) };
}

// biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
type Data = any;
type Variables = Record<string, unknown>;

const ask = async (environment: IEnvironment, name: Artifact, variables: Variables) =>
  (await fetchQuery(environment, artifact(name), variables as never).toPromise()) as Data;

/** What the store knows under an id. */
const known = (environment: IEnvironment, id: string): Data =>
  environment.getStore().getSource().get(id);

const nodeId = (id: string) => Buffer.from(`Todo:${id}`).toString('base64url');

test('a list is a connection, its records are kept under their nodeId, versions under their id', async () => {
  const { api, current } = await open();
  for (const id of ['a', 'b', 'c']) await write(api, 'create', 'Todo', { id, status: 'open' });
  const { todos } = await ask(current, 'TodosQuery', {});
  expect(todos).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
  expect(todos.edges.map(({ node }: Data) => node.id)).toEqual(['c', 'b']);
  const next = await ask(current, 'TodosQuery', { after: todos.pageInfo.endCursor });
  expect(next.todos.edges.map(({ node }: Data) => node.id)).toEqual(['c', 'b', 'a']);
  expect(known(current, nodeId('a'))).toMatchObject({ __typename: 'Todo', status: 'open' });
  expect(known(current, 'TodoVersion:a@1')).toMatchObject({ operation: 'CREATE' });
});

test('the answer to a mutation, and a problem, reach the store', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await ask(current, 'TodosQuery', {});
  const change = (status: string) =>
    new Promise<Data>((onCompleted, onError) => {
      commitMutation(current, {
        mutation: artifact('TodosUpdateMutation'),
        variables: { input: { id: 'a', expectedRevision: 1, status } } as never,
        onCompleted,
        onError,
      });
    });
  expect((await change('done')).updateTodo.todo).toEqual({ status: 'done', revision: 2 });
  expect(known(current, nodeId('a'))).toMatchObject({ status: 'done', revision: 2 });
  expect((await change('open')).updateTodo).toMatchObject({ code: 'REVISION_CONFLICT' });
  expect(known(current, nodeId('a'))).toMatchObject({ status: 'done', revision: 2 });
});

test('a fragment is fetched again through node, with what was written since', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await ask(current, 'TodosQuery', {});
  await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
  await ask(current, 'TodosDetailRefetch', { nodeId: nodeId('a') });
  expect(known(current, nodeId('a'))).toMatchObject({ status: 'done' });
});

test('a subscription writes into the store', async () => {
  const { api, current } = await open();
  await write(api, 'create', 'Todo', { id: 'a', status: 'open' });
  await ask(current, 'TodosQuery', {});
  const kinds: string[] = [];
  const following = requestSubscription(current, {
    subscription: artifact('TodosFollowSubscription'),
    variables: { after: '1' } as never,
    onNext: (data) => void kinds.push((data as Data).todoChanges.kind),
  });
  onTestFinished(() => following.dispose());
  await until(() => kinds.length === 1);
  await write(api, 'update', 'Todo', { id: 'a', status: 'done' });
  await until(() => kinds.length === 2);
  expect(kinds).toEqual(['CAUGHT_UP', 'UPDATE']);
  expect(known(current, nodeId('a'))).toMatchObject({ status: 'done', revision: 2 });
});

test('in an environment of its own the past does not meet the present', async () => {
  const { api, current, past } = await open();
  for (const status of ['open', 'doing', 'done']) {
    const verb = status === 'open' ? 'create' : 'update';
    await write(api, verb, 'Todo', { id: 'a', status });
  }
  await ask(current, 'TodosQuery', {});
  const moments = ['1', '2'].map((position) => ({ id: 'a', asOf: { position } }));
  for (const variables of moments) await ask(past, 'TodosThenQuery', variables);
  const statuses = moments.map((variables) => {
    const request = runtime.getRequest(artifact('TodosThenQuery'));
    const { fragment } = createOperationDescriptor(request, variables as never);
    return (past.lookup(fragment).data as Data).todo.status;
  });
  expect(statuses).toEqual(['open', 'doing']);
  expect(known(current, nodeId('a'))).toMatchObject({ status: 'done' });
});
