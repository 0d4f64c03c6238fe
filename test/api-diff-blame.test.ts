/** What differs between two revisions of a record, and who set what. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entity, Todo, type Version } from '../src/entities/index.ts';
import { openApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenPatch } from './support/specimen.ts';
import { withStore } from './support/temporary-store.ts';

async function withHistory() {
  const api = await openApi();
  const say = (actor: string) => ({ actor, reason: 'test' });
  await api.store.append(Todo, { id: 't', subject: 'one', labels: ['x'] }, say('ann'));
  await api.store.update(Todo, 't', { subject: 'two', status: 'open' }, say('bob'));
  await api.store.update(Todo, 't', { subject: null, labels: ['x', 'y'] }, say('cid'));
  await api.store.update(Todo, 't', { status: 'open', priority: 5 }, say('dan'));
  return api;
}

const diff = `query ($from: Int!, $to: Int, $asOf: AsOf) {
  todo(id: "t", asOf: $asOf) { diff(from: $from, to: $to) { field before after } }
}`;

test('a diff tells what differs between two revisions, null set and null cleared', async () => {
  const api = await withHistory();
  const between = async (variables: object) => (await api.data(diff, { ...variables })).todo.diff;
  expect(await between({ from: 1, to: 2 })).toEqual([
    { field: 'subject', before: 'one', after: 'two' },
    { field: 'status', before: null, after: 'open' },
  ]);
  expect(await between({ from: 2, to: 3 })).toEqual([
    { field: 'subject', before: 'two', after: null },
    { field: 'labels', before: ['x'], after: ['x', 'y'] },
  ]);
  expect(await between({ from: 1 })).toEqual([
    { field: 'subject', before: 'one', after: null },
    { field: 'priority', before: 100, after: 5 },
    { field: 'status', before: null, after: 'open' },
    { field: 'labels', before: ['x'], after: ['x', 'y'] },
  ]);
  expect(await between({ from: 3, to: 3 })).toEqual([]);
  expect(await between({ from: 1, asOf: { position: '2' } })).toEqual(
    await between({ from: 1, to: 2 }),
  );
});

test('a diff between revisions that are not there, or turned round, is refused', async () => {
  const api = await withHistory();
  const refused: [object, string][] = [
    [{ from: 0 }, 'from'],
    [{ from: -1, to: 2 }, 'from'],
    [{ from: 5 }, 'from'],
    [{ from: 1, to: 5 }, 'to'],
    [{ from: 1, to: 0 }, 'to'],
    [{ from: 3, to: 2 }, 'from'],
    [{ from: 1, to: 3, asOf: { position: '2' } }, 'to'],
  ];
  for (const [variables, argument] of refused) {
    const { errors } = await api.ask(diff, { ...variables });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(new RegExp(`^${argument}: `)),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
});

test('blame tells who last set each field, when and in which revision', async () => {
  const api = await withHistory();
  const query = `query ($asOf: AsOf) {
    todo(id: "t", asOf: $asOf) {
      blame { field revision committedAt actor }
      history(order: ASC) { edges { node { committedAt } } }
    }
  }`;
  const { todo } = await api.data(query);
  const committed = todo.history.edges.map(
    ({ node }: { node: { committedAt: string } }) => node.committedAt,
  );
  const by = (field: string, revision: number, actor: string) => ({
    field,
    revision,
    actor,
    committedAt: committed[revision - 1],
  });
  expect(todo.blame).toEqual([
    by('userId', 1, 'ann'),
    by('subject', 3, 'cid'),
    by('body', 1, 'ann'),
    by('priority', 4, 'dan'),
    by('status', 2, 'bob'),
    by('description', 1, 'ann'),
    by('labels', 3, 'cid'),
  ]);
  const then = await api.data(query, { asOf: { position: '2' } });
  const subject = then.todo.blame.find(({ field }: { field: string }) => field === 'subject');
  expect(subject).toMatchObject({ revision: 2, actor: 'bob' });
});

/** The same, found by walking back through the history. */
function walkedBack(entity: Entity, history: readonly Version[], upTo: number) {
  const shown = (revision: number, field: string) => {
    const version = history[revision - 1] as Version;
    return JSON.stringify((version.values as Record<string, unknown>)[field]);
  };
  return Object.fromEntries(
    Object.keys(entity.fields).map((field) => {
      let revision = upTo;
      while (revision > 1 && shown(revision, field) === shown(revision - 1, field)) {
        revision -= 1;
      }
      return [field, revision];
    }),
  );
}

test(
  'what set each field is what walking back through the history finds',
  { timeout: 60_000 },
  () =>
    checkProperty(
      'blame',
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), specimenPatch), { minLength: 1, maxLength: 20 }),
      15,
      (changes) =>
        withStore(
          { entities: [Specimen], replicaInMemory: true, replicaLimits: { mergeRows: 5 } },
          async (store) => {
            await store.append(Specimen, { id: 'a' });
            await store.append(Specimen, { id: 'b', title: 'b' });
            for (const [id, patch] of changes) await store.update(Specimen, id, patch);
            for (const id of ['a', 'b']) {
              const history = await store.history(Specimen, id);
              const keys = history.map(({ revision }) => ({ id, revision }));
              expect(await store.lastSet(Specimen, keys)).toEqual(
                keys.map(({ revision }) => walkedBack(Specimen, history, revision)),
              );
            }
          },
        ),
    ),
);
