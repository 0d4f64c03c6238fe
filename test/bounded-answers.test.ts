/** One request costs no more than it may: answers are bounded before and while they are made. */
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { Unavailable } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { dataJson, executeToAnswer } from '../src/http/graphql/answers.ts';
import { AnswerSize } from '../src/resolvers/answer-size.ts';
import { answerLimits, Operation, Views } from '../src/resolvers/index.ts';
import { buildSchema } from '../src/schema/index.ts';
import { codesOf, openApi, type TestApi, todoFields, write } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

/** So many times a field, each under a name of its own. */
function aliases(count: number, field: string): string {
  return Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ');
}

/** One long todo with some history, one file of text of 1 MiB. */
async function filled(): Promise<TestApi> {
  const api = await openApi();
  await api.store.append(Todo, { id: 'long', body: 'x'.repeat(65_536) });
  for (const status of ['doing', 'done']) await api.store.update(Todo, 'long', { status });
  await api.store.transact(async (log) => {
    const contents = await log.putContents(Buffer.alloc(1_048_576, 'text '));
    await log.create(LakeFile, { ...lakeFile('long.txt'), id: 'file', ...contents });
  });
  return api;
}

/** The one error of an answer that was refused whole. */
async function refusal(api: TestApi, query: string, variables = {}) {
  const answer = await api.ask(query, variables);
  expect(answer.data ?? null).toBeNull();
  expect(answer.errors).toHaveLength(1);
  const [error] = answer.errors ?? [];
  return { code: error?.extensions.code, limit: error?.extensions.limit, message: error?.message };
}

test('texts count with all their bytes, however they are asked for', async () => {
  const api = await filled();
  const within = await api.data(`{ todo(id: "long") { ${aliases(400, 'body')} } }`);
  expect(Object.keys(within.todo)).toHaveLength(400);
  const { code, limit, message } = await refusal(
    api,
    `{ todo(id: "long") { ${aliases(1_200, 'body')} } }`,
  );
  expect([code, limit]).toEqual(['ANSWER_TOO_LARGE', 'answerBytesMax']);
  expect(message).toContain(String(answerLimits.answerBytesMax));
  expect(message).toMatch(/Ask for/);
});

test('what JSON escapes counts as long as it becomes', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'controls', body: '\u0001'.repeat(65_536) });
  const { limit } = await refusal(api, `{ todo(id: "controls") { ${aliases(100, 'body')} } }`);
  expect(limit).toBe('answerBytesMax');
});

test('data and text of files share a limit, over all fields of an operation', async () => {
  const api = await filled();
  const within = await api.data(
    `{ lakeFile(id: "file") { ${aliases(4, 'text')} } other: lakeFile(id: "file") { b: data ${aliases(3, 'data')} } }`,
  );
  expect(within.lakeFile.a3).toHaveLength(1_048_576);
  for (const query of [
    `{ lakeFile(id: "file") { ${aliases(1_600, 'text')} } }`,
    `{ lakeFile(id: "file") { ${aliases(5, 'text')} } other: lakeFile(id: "file") { ${aliases(4, 'data')} } }`,
  ]) {
    const { code, limit, message } = await refusal(api, query);
    expect([code, limit]).toEqual(['ANSWER_TOO_LARGE', 'answerContentsBytesMax']);
    expect(message).toContain('downloadUrl');
  }
});

test('errors are told of up to a limit', async () => {
  const api = await filled();
  const some = await api.ask(`{ lakeFile(id: "file") { ${aliases(400, 'text(maxBytes: 1)')} } }`);
  expect(some.errors).toHaveLength(400);
  const query = `{ lakeFile(id: "file") { ${aliases(401, 'text(maxBytes: 1)')} } }`;
  expect(await refusal(api, query)).toMatchObject({
    code: 'ANSWER_TOO_LARGE',
    limit: 'answerErrorsMax',
  });
});

test('what was written stands when its answer is too large, and nothing after it is written', async () => {
  const api = await filled();
  const answer = await api.ask(`mutation {
    first: updateTodo(input: { id: "long", status: "open" }) {
      ... on UpdateTodoPayload { todo { ${aliases(1_200, 'body')} } }
    }
    second: deleteTodo(id: "long") { __typename }
  }`);
  expect(codesOf(answer)).toEqual(['ANSWER_TOO_LARGE']);
  expect(answer.extensions?.position).toBe(await api.position());
  expect(await api.data('{ todo(id: "long") { status revision } }')).toEqual({
    todo: { status: 'open', revision: 4 },
  });
});

test('an event that is too large is an error, and the next ones come', async () => {
  const api = await filled();
  const response = await api.send({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({
      query: `subscription { changes(after: "0") { id position version { ... on TodoVersion { ${aliases(1_200, 'body')} } } } }`,
    }),
  });
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (text.includes('"file"')) break;
  }
  expect(text.match(/ANSWER_TOO_LARGE/g)).toHaveLength(3);
});

/** Documents whose lists would be too large, told before anything runs. */
const tooMany: Record<string, string> = {
  'pages below pages':
    '{ todos(first: 1000) { edges { node { history(first: 200) { edges { cursor } } } } } }',
  'versions below changes':
    '{ changes(first: 1000) { changes { version { transaction { versions(first: 1000) { edges { cursor } } } } } } }',
  'versions below the default page of changes':
    '{ changes { changes { version { transaction { versions(first: 1000) { edges { cursor } } } } } } }',
  'series by alias': `{ ${aliases(
    100,
    'todosOverTime(from: "2026-01-01T00:00:00Z", to: "2026-01-08T00:00:00Z", every: MINUTE) { at }',
  )} }`,
  'a page of histories through fragments': `
    { todos(first: 1000) { ...Page } }
    fragment Page on TodoConnection { edges { node { ...Record } } }
    fragment Record on Todo { history(last: 150) { edges { ... { node { id } } } } }`,
  'what a transaction is undone to':
    'mutation { revertTransaction(id: "1") { ... on RevertPayload { versions { transaction { versions(first: 10) { edges { cursor } } } } } } }',
  'names of types by alias': `{ todos(first: 1000) { edges { node { ${aliases(200, '__typename')} } } } }`,
  'introspection by alias': `{ __schema { types { ${aliases(500, 'fields { name }')} } } }`,
};

test.each(Object.entries(tooMany))('%s are refused before they run', async (_name, query) => {
  const api = await openApi();
  await write(api, 'create', 'Todo', { id: 'a' });
  const answer = await api.ask(query);
  expect(codesOf(answer)).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(answer.errors?.[0]?.extensions.limit).toBe('operationNodesMax');
  expect(await api.position()).toBe('1');
});

test('the answer of a bulk write is refused before anything is written', async () => {
  const api = await openApi();
  const query = `mutation ($inputs: [CreateTodoInput!]!) {
    createTodos(inputs: $inputs) {
      ... on CreateTodosPayload { todos { history(first: 9) { edges { cursor } } } }
    }
  }`;
  const inputs = Array.from({ length: 10_000 }, (_, index) => ({ subject: String(index) }));
  expect(codesOf(await api.ask(query, { inputs }))).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(await api.position()).toBe('0');
});

test('page sizes in variables count with their values, their defaults and the schema’s', async () => {
  const api = await openApi();
  const query = (declared: string, first: string) =>
    `query (${declared}) { todos(first: 1000) { edges { node { history(${first}) { edges { cursor } } } } } }`;
  const asked = async (text: string, variables = {}) => codesOf(await api.ask(text, variables));
  const variable = query('$n: Int', 'first: $n');
  expect(await asked(variable, { n: 40 })).toEqual([]);
  expect(await asked(variable, { n: 200 })).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(await asked(query('$n: Int = 200', 'first: $n'))).toEqual(['DOCUMENT_TOO_LARGE']);
  expect(await asked(query('$n: Int = 200', 'first: $n'), { n: 1 })).toEqual([]);
  expect(await asked(query('$n: Int', 'last: $n'), { n: 200 })).toEqual(['DOCUMENT_TOO_LARGE']);
});

test('the usual introspection is within the limits', async () => {
  const { getIntrospectionQuery } = await import('graphql');
  const api = await openApi();
  const options = { inputValueDeprecation: true, schemaDescription: true, oneOf: true } as const;
  expect(codesOf(await api.ask(getIntrospectionQuery(options)))).toEqual([]);
});

/** Writes many todos; their values are variables, as a client of so many sends them. */
async function bulk(api: TestApi, name: string, input: string, inputs: object[]): Promise<void> {
  const query = `mutation ($inputs: [${input}!]!) { ${name}(inputs: $inputs) { __typename } }`;
  const { [name]: result } = await api.data(query, { inputs });
  expect(result.__typename).toMatch(/Payload$/);
}

test('a thousand records with all fields and ten versions each are answered', async () => {
  const api = await openApi();
  const inputs = Array.from({ length: 1_000 }, (_, index) => ({
    id: `todo-${index}`,
    subject: `Subject ${index}`,
    body: 'Some words about it. '.repeat(10),
    labels: ['one', 'two'],
  }));
  await bulk(api, 'createTodos', 'CreateTodoInput', inputs);
  for (let revision = 2; revision <= 10; revision += 1) {
    const patches = inputs.map(({ id }) => ({ id, priority: revision }));
    await bulk(api, 'updateTodos', 'UpdateTodoInput', patches);
  }
  const { todos } = await api.data(`{
    todos(first: 1000) { edges { node { ${todoFields} history(first: 10) { edges { node {
      id position revision operation committedAt
      userId subject body priority status description labels
      changes { field before after } transaction { id committedAt reason actor }
    } } } } } }
  }`);
  expect(todos.edges).toHaveLength(1_000);
  for (const { node } of todos.edges) {
    expect(
      node.history.edges.map(
        ({ node: version }: { node: { revision: number } }) => version.revision,
      ),
    ).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  }
});

test('large answers that are made at the same time share a limit; small ones are made all the same', () => {
  const text = 'x'.repeat(30 * 1024 * 1024);
  const large = Array.from({ length: 8 }, () => new AnswerSize());
  for (const size of large) size.addField('text', text);
  const one = new AnswerSize();
  expect(() => one.addField('text', text)).toThrow(Unavailable);
  expect(one.exceeded).toBeInstanceOf(Unavailable);
  one.end();
  const small = new AnswerSize();
  small.addField('text', 'small');
  for (const size of [...large, small]) size.end();
  const next = new AnswerSize();
  next.addField('text', text);
  next.end();
  // Fields that are still worked out for an answer that was given count for nobody.
  expect(() => next.addField('late', 'x')).not.toThrow();
  expect(() => new AnswerSize().addField('text', text)).not.toThrow();
});

test('what page sizes allow is estimated anew when they are others', async () => {
  const api = await openApi();
  const query = `query ($first: Int, $inner: Int) {
    todos(first: $first) { edges { node { history(first: $inner) { edges { node { id } } } } } }
  }`;
  const limitOf = async (variables: Readonly<Record<string, unknown>>) =>
    (await api.ask(query, variables)).errors?.[0]?.extensions.limit ?? null;
  const small = { first: 2, inner: 2 };
  const large = { first: 1_000, inner: 1_000 };
  expect(await limitOf(small)).toBeNull();
  expect(await limitOf(large)).toBe('operationNodesMax');
  expect(await limitOf(large)).toBe('operationNodesMax');
  expect(await limitOf({ first: 10 })).toBeNull();
  expect(await limitOf({ ...small, inner: 1_000 })).toBeNull();
  expect(await limitOf({ first: 10, inner: null })).toBeNull();
  expect(await limitOf(large)).toBe('operationNodesMax');
});

test('an answer is large by what its fields do not count, too', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'a' });
  const piecesOf = async (document: string) => {
    const schema = buildSchema(api.store.entities);
    const operation = new Operation(new Views(api.store), null);
    const contextValue = { operation };
    const answer = await executeToAnswer({ schema, document: parse(document), contextValue });
    expect(answer.errors).toBeUndefined();
    return answer[dataJson]?.pieces.length ?? 0;
  };
  expect(await piecesOf('{ todo(id: "a") { __typename id } }')).toBe(0);
  expect(await piecesOf(`{ todo(id: "a") { ${aliases(3_000, '__typename')} } }`)).toBeGreaterThan(
    1,
  );
  const types = '{ __schema { types { name fields { name description type { name } } } } }';
  expect(await piecesOf(types)).toBeGreaterThan(1);
});
