/** What was answered as of a position is answered for ever: later, after a restart, from a new replica. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { TestApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { withStore } from './support/temporary-store.ts';

const ids = ['a', 'b', 'c', 'd'];
const change = fc.record({
  id: fc.constantFrom(...ids),
  action: fc.constantFrom('create', 'update', 'update', 'update', 'delete'),
  values: fc.record(
    {
      subject: fc.constantFrom(null, 'one', 'two'),
      status: fc.constantFrom(null, 'open', 'done'),
      priority: fc.constantFrom(1, 2, 3),
      labels: fc.constantFrom([], ['x'], ['x', 'y']),
    },
    { requiredKeys: [] },
  ),
});

/** Everything that can be asked as of a position. */
const questions = `query ($at: Position!) {
  todos(asOf: { position: $at }) {
    totalCount
    edges { cursor node {
      id revision position createdAt updatedAt subject status priority labels
      history { totalCount edges { node { id operation changes { field before after } } } }
      blame { field revision }
      diff(from: 1) { field before after }
    } }
  }
  open: todos(
    asOf: { position: $at }
    filter: { or: [{ status: { eq: "open" } }, { not: { labels: { has: "x" } } }], includeDeleted: true }
    orderBy: [{ field: STATUS, direction: DESC }, { field: ID }]
    last: 2
  ) { totalCount edges { node { id deletedAt } } pageInfo { hasPreviousPage } }
  a: todo(id: "a", asOf: { position: $at }, includeDeleted: true) { revision deletedAt }
  transactions(asOf: { position: $at }, filter: { actor: { isNull: true } }, first: 3) {
    totalCount
    edges { cursor node { id committedAt versions { totalCount edges { node { id } } } } }
  }
}`;

async function applyAll(
  store: Store,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
) {
  for (const { id, action, values } of changes) {
    const done =
      action === 'create'
        ? store.append(Todo, { ...values, id })
        : action === 'update'
          ? store.update(Todo, id, values)
          : store.delete(Todo, id);
    // What cannot be done leaves nothing behind.
    await done.catch(() => {});
  }
}

/** The answer at every position up to the head, as text. */
async function answers(store: Store): Promise<string[]> {
  const api = new TestApi(store);
  const head = await store.head();
  const texts: string[] = [];
  for (let at = 0; at <= head; at += 1) {
    texts.push(JSON.stringify(await api.data(questions, { at: String(at) })));
  }
  return texts;
}

test('answers as of a position never change', { timeout: 120_000 }, () =>
  checkProperty(
    'for ever',
    fc.tuple(
      fc.array(change, { minLength: 1, maxLength: 14 }),
      fc.array(change, { maxLength: 14 }),
      fc.constantFrom(1, 4, 1_000),
    ),
    8,
    ([before, after, mergeRows]) =>
      withStore({ replicaLimits: { mergeRows } }, async (store, directory) => {
        await applyAll(store, before);
        const first = await answers(store);
        await applyAll(store, after);
        const later = await answers(store);
        expect(later.slice(0, first.length)).toEqual(first);
        await store.close();
        const reopened = await openStore({ directory, entities: shippedEntities });
        expect(await answers(reopened)).toEqual(later);
        await reopened.close();
        rmSync(join(directory, 'replica'), { recursive: true });
        const rebuilt = await openStore({ directory, entities: shippedEntities });
        expect(await answers(rebuilt)).toEqual(later);
        await rebuilt.close();
      }),
  ),
);
