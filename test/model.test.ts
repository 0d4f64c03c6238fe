/**
 * Random sequences of all mutations against a plain model; then every query agrees with the model
 * at every position that was ever reached.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDateTime } from '../src/resolvers/index.ts';
import { TestApi } from './support/api.ts';
import { mutate } from './support/mutate.ts';
import { checkProperty } from './support/property.ts';
import { withStore } from './support/temporary-store.ts';
import {
  changedFields,
  type ModelChange,
  ModelProblem,
  type ModelVersion,
  TodoModel,
} from './support/todo-model.ts';

// ---- random mutations ----------------------------------------------------------------------------

const id = fc.constantFrom('a', 'b', 'c', 'd');
const values = fc.record(
  {
    subject: fc.constantFrom(null, 'Paint', 'fence'),
    status: fc.constantFrom(null, 'open', 'done'),
    priority: fc.constantFrom(1, 2, 100),
    labels: fc.constantFrom([], ['x'], ['x', 'y'], ['y', 'x']),
  },
  { requiredKeys: [] },
);
/** How many revisions behind the record a client is; null when it does not say. */
const behind = fc.option(fc.constantFrom(0, 0, 1, 2, -1));

type AskedChange =
  | { kind: 'create'; id: string; values: object }
  | { kind: 'update'; id: string; values: object; behind: number | null; rebase: boolean }
  | { kind: 'delete'; id: string; behind: number | null };
const create = fc.record({ kind: fc.constant('create' as const), id, values });
const update = fc.record({
  kind: fc.constant('update' as const),
  id,
  values,
  behind,
  rebase: fc.boolean(),
});
const remove = fc.record({ kind: fc.constant('delete' as const), id, behind });
const change: fc.Arbitrary<AskedChange> = fc.oneof(
  { weight: 2, arbitrary: create },
  { weight: 4, arbitrary: update },
  { weight: 1, arbitrary: remove },
);

/** A mutation: its name and arguments for the API, and what it comes to in the model. */
interface Mutation {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly expected: (model: TodoModel) => void;
}

/** Decides what a change expects, now that the record's revision is known. */
function settle(model: TodoModel, asked: AskedChange): ModelChange {
  if (asked.kind === 'create') return asked;
  const { behind: steps, ...change } = asked;
  const expected = (model.last(asked.id)?.revision ?? 1) - (steps ?? 0);
  return steps === null || expected < 1 ? change : { ...change, expectedRevision: expected };
}

function inputOf(change: ModelChange): Record<string, unknown> {
  const { kind: _, values, rebase: __, ...rest } = { values: {}, rebase: false, ...change };
  return { ...rest, ...values };
}

const changeAll = (changes: readonly ModelChange[]) => (model: TodoModel) => {
  for (const each of changes) model.change(each);
};

/** One id each, as bulk mutations want it. */
const bulk = <T extends { id: string }>(each: fc.Arbitrary<T>) =>
  fc.uniqueArray(each, { minLength: 1, maxLength: 3, selector: (asked) => asked.id });

type AskedMutation = (model: TodoModel) => Mutation;
const single: fc.Arbitrary<AskedMutation> = change.map((asked) => (model) => {
  const settled = settle(model, asked);
  const onConflict = settled.kind === 'update' && settled.rebase ? 'REBASE' : 'FAIL';
  const input = inputOf(settled);
  const args = settled.kind === 'delete' ? { ...input } : { input, options: { onConflict } };
  return { name: `${settled.kind}Todo`, args, expected: changeAll([settled]) };
});
const createMany: fc.Arbitrary<AskedMutation> = bulk(create).map((asked) => () => ({
  name: 'createTodos',
  args: { inputs: asked.map(inputOf) },
  expected: changeAll(asked),
}));
const updateMany: fc.Arbitrary<AskedMutation> = bulk(update).map((asked) => (model) => {
  const settled = asked.map((each) => settle(model, { ...each, rebase: true }));
  const options = { onConflict: 'REBASE' };
  return {
    name: 'updateTodos',
    args: { inputs: settled.map(inputOf), options },
    expected: changeAll(settled),
  };
});
const transact: fc.Arbitrary<AskedMutation> = fc
  .array(change, { minLength: 1, maxLength: 4 })
  .map((asked) => (model) => {
    // What a client expects it knows from before the transaction.
    const settled = asked.map((each) =>
      settle(model, each.kind === 'update' ? { ...each, rebase: false } : each),
    );
    const operations = settled.map((each) => ({ [`${each.kind}Todo`]: inputOf(each) }));
    return { name: 'transact', args: { operations }, expected: changeAll(settled) };
  });
const restore: fc.Arbitrary<AskedMutation> = fc
  .tuple(id, fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }))
  .map(([id, revision]) => () => ({
    name: 'restoreTodo',
    args: { id, revision },
    expected: (model) => model.restore(id, revision),
  }));
const revert: fc.Arbitrary<AskedMutation> = fc.nat({ max: 6 }).map((back) => (model) => {
  const transaction = model.transactions - back;
  const wanted = transaction < 1 ? 1_000 : transaction;
  return {
    name: 'revertTransaction',
    args: { id: String(wanted) },
    expected: () => model.revert(wanted),
  };
});
const mutation = fc.oneof(
  { weight: 8, arbitrary: single },
  { weight: 1, arbitrary: createMany },
  { weight: 2, arbitrary: updateMany },
  { weight: 2, arbitrary: transact },
  { weight: 3, arbitrary: restore },
  { weight: 3, arbitrary: revert },
);

interface World {
  readonly api: TestApi;
  /** What the store's clock shows, in microseconds. */
  now: number;
}

/** The first transaction is committed in the second minute of 1970, each in one of its own. */
const minute = 60_000_000;

class Mutate implements fc.AsyncCommand<TodoModel, World> {
  readonly #asked: AskedMutation;
  readonly #dryRun: boolean;
  #shown = '';

  constructor(asked: AskedMutation, dryRun: boolean) {
    this.#asked = asked;
    this.#dryRun = dryRun;
  }

  check(): boolean {
    return true;
  }

  async run(model: TodoModel, world: World): Promise<void> {
    const { api } = world;
    const { name, args, expected } = this.#asked(model);
    world.now = (model.transactions + 1) * minute;
    const options = { ...(args.options as object), dryRun: this.#dryRun };
    this.#shown = `${name} ${JSON.stringify({ ...args, options })}`;
    const before = model.versions.length;
    const come = (work: () => void) => (this.#dryRun ? model.tryOut(work) : model.transact(work));
    let outcome = 'Payload';
    let written = 0;
    try {
      come(() => {
        expected(model);
        written = model.versions.length - before;
      });
    } catch (error) {
      if (!(error instanceof ModelProblem)) throw error;
      outcome = error.message;
    }
    const answer = await mutate(api, name, { ...args, options });
    expect(answer.__typename.replace(/^.*Payload$/, 'Payload')).toBe(outcome);
    if (outcome !== 'Payload') return;
    const transaction = written > 0 && !this.#dryRun ? String(model.transactions) : null;
    expect(answer.transaction?.id ?? null).toBe(transaction);
    expect(await api.position()).toBe(String(model.versions.length));
  }

  toString(): string {
    return this.#shown;
  }
}

// ---- every query, naively ------------------------------------------------------------------------

const byId = (a: ModelVersion, b: ModelVersion) => (a.id < b.id ? -1 : 1);
const shownRecord = ({ id, revision, position, operation, values }: ModelVersion) => ({
  id,
  revision,
  position: String(position),
  ...values,
  current: { operation },
});

/** What `questions` answers at a position. */
function answersOf(model: TodoModel, at: number) {
  const live = model.live(at);
  const listed = live.toSorted(
    (a, b) => a.values.priority - b.values.priority || b.position - a.position,
  );
  const picked = model
    .records(at)
    .filter(({ values }) => values.status !== 'open' || values.subject === 'Paint')
    .sort(byId);
  return {
    todos: { totalCount: live.length, edges: listed.map((node) => ({ node: shownRecord(node) })) },
    picked: {
      totalCount: picked.length,
      edges: picked.map(({ id, operation }) => ({ node: { id, current: { operation } } })),
    },
    groups: statusesOf(live),
    labels: groupsOf(live.flatMap(labelsOf)).map(([label, count]) => ({ label, count })),
    a: oneOf(model, 'a', at),
    b: oneOf(model, 'b', at),
  };
}

const statusesOf = (live: readonly ModelVersion[]) =>
  groupsOf(live.map(({ values }) => values.status)).map(([status, count]) => ({ status, count }));

/** What `todosOverTime` answers: a point per minute, each with one transaction at most. */
function seriesOf(model: TodoModel) {
  return Array.from({ length: model.transactions + 1 }, (_, transaction) => {
    const before = model.versions.filter((version) => version.transaction <= transaction);
    const live = model.live(before.length);
    return { at: timeOf(transaction + 1), count: live.length, groups: statusesOf(live) };
  });
}

const timeOf = (minutes: number) => formatDateTime(minutes * minute);

/** Without labels a record is in the group of none. */
function labelsOf({ values }: ModelVersion): (string | null)[] {
  return values.labels.length > 0 ? [...values.labels] : [null];
}

/** How often each value occurs: the most frequent first, then by the value, null last. */
function groupsOf(values: readonly (string | null)[]): [string | null, number][] {
  const counts = new Map<string | null, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const rank = (value: string | null) => value ?? '\u{10ffff}';
  return [...counts].sort(([a, x], [b, y]) => y - x || (rank(a) < rank(b) ? -1 : 1));
}

function oneOf(model: TodoModel, id: string, at: number) {
  const history = model.history(id, at);
  const last = history.at(-1);
  if (!last) return null;
  const first = history[0] as ModelVersion;
  const set = (field: keyof ModelVersion['values']) =>
    history.findLast(
      (version, index) =>
        index === 0 ||
        changedFields((history[index - 1] as ModelVersion).values, version.values).includes(field),
    )?.revision;
  return {
    revision: last.revision,
    history: {
      edges: history.toReversed().map(({ operation, transaction }) => ({
        node: { operation, transaction: { id: String(transaction) } },
      })),
    },
    diff: changedFields(first.values, last.values).map((field) => ({
      field,
      before: first.values[field],
      after: last.values[field],
    })),
    blame: (['subject', 'priority', 'status', 'labels'] as const).map((field) => ({
      field,
      revision: set(field),
    })),
  };
}

const one = `{
  revision
  history(first: 1000) { edges { node { operation transaction { id } } } }
  diff(from: 1) { field before after }
  blame { field revision }
}`;
const questions = `query ($at: Position!) {
  todos(asOf: { position: $at }) {
    totalCount
    edges { node {
      id revision position subject status priority labels current { operation }
    } }
  }
  picked: todos(
    asOf: { position: $at }
    filter: {
      includeDeleted: true
      or: [{ not: { status: { eq: "open" } } }, { search: "PAINT" }]
    }
    orderBy: [{ field: ID }]
  ) { totalCount edges { node { id current { operation } } } }
  groups: todoGroups(by: [STATUS], asOf: { position: $at }) { status count }
  labels: todoGroups(by: [LABEL], asOf: { position: $at }) { label count }
  a: todo(id: "a", asOf: { position: $at }, includeDeleted: true) ${one}
  b: todo(id: "b", asOf: { position: $at }, includeDeleted: true) ${one}
}`;

const series = `query ($to: DateTime!) {
  todosOverTime(from: "1970-01-01T00:00:00Z", to: $to, every: MINUTE, by: [STATUS]) {
    at
    count
    groups { status count }
  }
}`;

/** Fields in the model's order, and only those that the model has. */
function comparable(data: Record<string, unknown>) {
  for (const each of [data.a, data.b] as ReturnType<typeof oneOf>[]) {
    if (!each) continue;
    const known = ['subject', 'priority', 'status', 'labels'];
    Object.assign(each, {
      blame: each.blame.filter(({ field }) => known.includes(field)),
      diff: each.diff.toSorted((x, y) => known.indexOf(x.field) - known.indexOf(y.field)),
    });
  }
  return data;
}

/** Runs with an empty model and an API beside it. @param kept whether answers are kept. */
function withModel(
  mergeRows: number,
  kept: boolean,
  use: (model: TodoModel, world: World) => Promise<void>,
): Promise<void> {
  const bytes = kept ? {} : { keptAnswersBytesMax: 0 };
  const limits = kept ? {} : { keptOperationsBytesMax: 0 };
  const options = { replicaInMemory: true, replicaLimits: { mergeRows }, ...bytes };
  const time = { now: 0 };
  return withStore({ ...options, clock: () => time.now }, (store) =>
    use(new TodoModel(), Object.assign(time, { api: new TestApi(store, limits) })),
  );
}

test.each([
  ['kept', true],
  ['worked out afresh', false],
])(
  'every mutation and query agrees with the model, at every position, its answers %s',
  { timeout: 180_000 },
  (_how, kept) =>
    checkProperty(
      'model',
      fc.tuple(
        fc.commands(
          [
            fc
              .tuple(mutation, fc.nat({ max: 7 }))
              .map(([asked, nat]) => new Mutate(asked, nat === 0)),
          ],
          { maxCommands: 40, size: 'max' },
        ),
        fc.constantFrom(1, 5, 1_000),
      ),
      10,
      ([commands, mergeRows]) =>
        withModel(mergeRows, kept, async (model, world) => {
          const { api } = world;
          await fc.asyncModelRun(() => ({ model, real: world }), commands);
          for (let at = 0; at <= model.versions.length; at += 1) {
            const expected = comparable(answersOf(model, at));
            const answer = comparable(await api.data(questions, { at: String(at) }));
            expect({ at, ...answer }).toEqual({ at, ...expected });
          }
          const overTime = await api.data(series, { to: timeOf(model.transactions + 1) });
          expect(overTime.todosOverTime).toEqual(seriesOf(model));
          expect(await api.store.verify()).toEqual({
            versions: model.versions.length,
            defect: null,
          });
        }),
    ),
);
