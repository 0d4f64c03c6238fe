/** What an operation costs: a fixed number of DuckDB queries, however many records it shows. */
import { expect, test } from 'vitest';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';

async function withCount(): Promise<{
  api: TestApi;
  queriesOf: (work: () => Promise<unknown>) => Promise<number>;
}> {
  let queries = 0;
  const api = await openApi({
    // What is kept would not be asked for again.
    keptAnswersBytesMax: 0,
    onReplicaQuery: () => {
      queries += 1;
    },
  });
  for (let batch = 0; batch < 3; batch += 1) {
    await api.store.transact(async (log) => {
      for (let index = 0; index < 50; index += 1) {
        const [id, status] = [`r${index}`, `s${batch}`];
        if (batch === 0) await log.create(Todo, { id });
        else await log.update(Todo, id, { status });
        if (batch === 0) await log.create(LakeFile, { id, ...lakeFile(id) });
        else await log.update(LakeFile, id, { status });
      }
    });
  }
  const queriesOf = async (work: () => Promise<unknown>) => {
    // What was committed is applied first, so that only reading is counted.
    await api.data('{ todos(first: 1) { edges { node { id } } } }');
    const before = queries;
    await work();
    return queries - before;
  };
  return { api, queriesOf };
}

const below = `
  current { revision changes { field before after } transaction { id reason } }
  history(first: 3) { edges { node {
    revision changes { field before after } transaction { id committedAt }
  } } }`;

// A page in the default order is one query; histories are read from the log.
test.for([
  ['plain fields', 'id status updatedAt', 1],
  ['current', 'id current { id status operation }', 1],
  ['history', 'id history { edges { node { id status } } }', 1],
  ['what changed', 'id current { changes { field before after } }', 1],
  ['transactions', 'id current { transaction { id reason } }', 1],
] as const)('a page with %s costs as much for 50 records as for 5', async ([, asked, cost]) => {
  const { api, queriesOf } = await withCount();
  for (const list of ['todos', 'lakeFiles']) {
    for (const first of [5, 50]) {
      const document = `{ ${list}(first: ${first}) { edges { node { ${asked} } } } }`;
      expect(await queriesOf(() => api.data(document))).toBe(cost);
    }
  }
});

test('a page with everything below it costs as much for 50 records as for 5', async () => {
  const { api, queriesOf } = await withCount();
  const costs: number[] = [];
  for (const first of [1, 5, 50]) {
    const document = `{ todos(first: ${first}) { edges { node { id ${below} } } } }`;
    costs.push(await queriesOf(() => api.data(document)));
  }
  expect(costs[0]).toBeLessThanOrEqual(5);
  expect(costs).toEqual([costs[0], costs[0], costs[0]]);
});

test('fields of one operation that read by id share their queries', async () => {
  const { api, queriesOf } = await withCount();
  const fields = Array.from(
    { length: 50 },
    (_, index) => `t${index}: todo(id: "r${index}") { id ${below} }`,
  );
  const one = await queriesOf(() => api.data(`{ ${fields[0]} }`));
  expect(await queriesOf(() => api.data(`{ ${fields.join(' ')} }`))).toBe(one);
});

test('requests that come together share their queries', async () => {
  const { api, queriesOf } = await withCount();
  const document = 'query ($id: ID!) { todo(id: $id) { id } }';
  const ids = Array.from({ length: 200 }, (_, index) => `r${index % 50}`);
  let answers: { todo: { id: string } }[] = [];
  const queries = await queriesOf(async () => {
    answers = await Promise.all(ids.map((id) => api.data(document, { id })));
  });
  expect(answers.map(({ todo }) => todo.id)).toEqual(ids);
  expect(queries).toBeLessThan(ids.length / 4);
});

test('a mutation asks DuckDB nothing for the record that it answers', async () => {
  const { api, queriesOf } = await withCount();
  const document = `mutation { updateTodo(input: { id: "r1", priority: 5 }) {
    ... on UpdateTodoPayload { todo { id priority current { revision } } transaction { id } }
  } }`;
  expect(await queriesOf(() => api.data(document))).toBe(0);
});
