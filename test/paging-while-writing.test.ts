/** Paging through a long list while others write: each record of the snapshot once. */
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { randomNumbers } from './support/random.ts';

const records = 10_000;
const writers = 16;

const page = `query ($first: Int, $after: String, $last: Int, $before: String) {
  todos(first: $first, after: $after, last: $last, before: $before, orderBy: [{ field: STATUS }]) {
    totalCount
    edges { node { id revision } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function readBackward(api: TestApi, end: string): Promise<string[]> {
  const found: string[] = [];
  for (let before = end; ; ) {
    const { todos } = await api.data(page, { last: 500, before });
    found.unshift(
      ...todos.edges.map(
        ({ node }: { node: { id: string; revision: number } }) => `${node.id}@${node.revision}`,
      ),
    );
    if (!todos.pageInfo.hasPreviousPage) return found;
    before = todos.pageInfo.startCursor;
  }
}

test('16 writers disturb no paging through 10,000 records', { timeout: 120_000 }, async () => {
  const api = await openApi({ replicaLimits: { mergeRows: 500 } });
  await api.store.transact(async (log) => {
    for (let index = 0; index < records; index += 1) {
      await log.create(Todo, { id: `t${index}`, status: `s${index % 7}` });
    }
  });
  let writing = true;
  let written = 0;
  const write = async (writer: number) => {
    const random = randomNumbers(writer);
    while (writing) {
      const id = `t${random(records)}`;
      const drawn = random(10);
      if (drawn < 3) await api.store.append(Todo, { status: `s${random(7)}` });
      else if (drawn < 4) await api.store.delete(Todo, id).catch(() => {});
      else await api.store.update(Todo, id, { status: `s${random(7)}` }).catch(() => {});
      written += 1;
    }
  };
  // The snapshot is the first page's: nothing was written by then.
  const first = await api.data(page, { first: 1 });
  const { endCursor } = first.todos.pageInfo;
  const last = await api.data(page, { last: 1 });
  const writes = Array.from({ length: writers }, (_, writer) => write(writer + 1));
  const rest: string[] = [];
  for (let after = endCursor; ; ) {
    const { todos } = await api.data(page, { first: 500, after });
    expect(todos.totalCount).toBe(records);
    for (const { node } of todos.edges) rest.push(`${node.id}@${node.revision}`);
    if (!todos.pageInfo.hasNextPage) break;
    after = todos.pageInfo.endCursor;
  }
  const backward = await readBackward(api, last.todos.pageInfo.startCursor);
  writing = false;
  await Promise.all(writes);
  const { id, revision } = first.todos.edges[0].node;
  const forward = [`${id}@${revision}`, ...rest];
  expect(written).toBeGreaterThan(writers);
  expect(forward).toHaveLength(records);
  expect(new Set(forward)).toEqual(
    new Set(Array.from({ length: records }, (_, index) => `t${index}@1`)),
  );
  expect(backward).toEqual(forward.slice(0, -1));
  // And the list as it is now is another one.
  expect(await api.store.count(Todo)).not.toBe(records);
});
