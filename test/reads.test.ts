/** Reading lists: orders, pages and filters, each against a naive model. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BadRequest,
  type FilterOperator,
  limits,
  Order,
  type RecordFilter,
  type Store,
} from '../src/db/index.ts';
import { type OrderKey, Todo, type Version } from '../src/entities/index.ts';
import { checkProperty } from './support/property.ts';
import { Specimen, specimenValues } from './support/specimen.ts';
import { conditions, filter, operandFor, orderBy } from './support/specimen-questions.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

type Values = Readonly<Record<string, unknown>>;
type Specimens = readonly Version<typeof Specimen>[];

// ---- the naive model -----------------------------------------------------------------------------

function compareScalars(a: unknown, b: unknown): number {
  // DuckDB compares texts by their UTF-8 bytes, JavaScript by its UTF-16 units.
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return Number(a) - Number(b);
}

function keyOf(version: Version, field: string): unknown {
  if (field === 'id') return version.id;
  if (field === 'updatedAt') return version.position;
  if (field === 'createdAt') return version.createdAt;
  return (version.values as Values)[field];
}

/** Nulls last in either direction, then the id. */
function sorted(versions: Specimens, orderBy: readonly OrderKey[]): Specimens {
  return versions.toSorted((a, b) => {
    for (const { field, direction } of [...orderBy, { field: 'id', direction: 'asc' }]) {
      const [x, y] = [keyOf(a, field), keyOf(b, field)];
      if (x === null && y === null) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const order = compareScalars(x, y);
      if (order !== 0) return direction === 'asc' ? order : -order;
    }
    return 0;
  });
}

const models: Record<FilterOperator, (value: never, operand: never) => boolean> = {
  eq: (value: unknown, operand: unknown) => value === operand,
  ne: (value: unknown, operand: unknown) => value !== operand,
  in: (value: unknown, operands: unknown[]) => value !== null && operands.includes(value),
  notIn: (value: unknown, operands: unknown[]) => value === null || !operands.includes(value),
  contains: (value: string | null, operand: string) => value?.includes(operand) ?? false,
  containsInsensitive: (value: string | null, operand: string) =>
    value?.toLowerCase().includes(operand.toLowerCase()) ?? false,
  startsWith: (value: string | null, operand: string) => value?.startsWith(operand) ?? false,
  endsWith: (value: string | null, operand: string) => value?.endsWith(operand) ?? false,
  lt: (value: number | null, operand: number) => value !== null && value < operand,
  lte: (value: number | null, operand: number) => value !== null && value <= operand,
  gt: (value: number | null, operand: number) => value !== null && value > operand,
  gte: (value: number | null, operand: number) => value !== null && value >= operand,
  isNull: (value: unknown, operand: boolean) => (value === null) === operand,
  has: (value: string[], operand: string) => value.includes(operand),
  hasAny: (value: string[], operands: string[]) => operands.some((item) => value.includes(item)),
  hasAll: (value: string[], operands: string[]) => operands.every((item) => value.includes(item)),
  isEmpty: (value: string[], operand: boolean) => (value.length === 0) === operand,
};

function matches(version: Version, filter: RecordFilter): boolean {
  const { and, or, not, search, includeDeleted: _, ...fields } = filter;
  return (
    Object.entries(fields).every(([field, operators]) =>
      Object.entries(operators ?? {}).every(([operator, operand]) => {
        if (operand === undefined) return true;
        const value = fieldValue(version, field);
        return models[operator as FilterOperator](value as never, operand as never);
      }),
    ) &&
    (and ?? []).every((each) => matches(version, each)) &&
    (or == null || or.some((each) => matches(version, each))) &&
    (not == null || !matches(version, not)) &&
    wordsOf(search ?? '').every((word) =>
      searchedTexts(version).some((text) => text.includes(word)),
    )
  );
}

function fieldValue(version: Version, field: string): unknown {
  if (field === 'id') return version.id;
  if (field === 'createdAt') return version.createdAt;
  if (field === 'updatedAt') return version.committedAt;
  return (version.values as Values)[field];
}

function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

function searchedTexts({ entity, values }: Version): string[] {
  return entity.searchFields
    .flatMap((name) => (values as Values)[name] as string | string[] | null)
    .filter((text) => text !== null)
    .map((text) => text.toLowerCase());
}

// ---- random questions ----------------------------------------------------------------------------

const records = fc.array(specimenValues, { minLength: 0, maxLength: 30 });

/** Some in the base of the replica, some in its delta. */
async function fill(store: Store, inputs: readonly object[]): Promise<Specimens> {
  const written: Version<typeof Specimen>[] = [];
  for (let begin = 0; begin < inputs.length; begin += 4) {
    const { value } = await store.transact((log) =>
      Promise.all(inputs.slice(begin, begin + 4).map((input) => log.create(Specimen, input))),
    );
    written.push(...value);
  }
  return written;
}

const options = { entities: [Specimen], replicaInMemory: true, replicaLimits: { mergeRows: 7 } };

// ---- the properties ------------------------------------------------------------------------------

test('every page of every order is the model’s slice', { timeout: 120_000 }, () =>
  checkProperty(
    'pages',
    fc.tuple(
      records,
      fc.array(
        fc.record({
          orderBy,
          filter,
          after: fc.option(fc.nat()),
          before: fc.option(fc.nat()),
          limit: fc.nat({ max: 8 }),
          fromEnd: fc.boolean(),
        }),
        { minLength: 20, maxLength: 20 },
      ),
    ),
    12,
    ([inputs, questions]) =>
      withStore(options, async (store) => {
        const written = await fill(store, inputs);
        const ask = async (question: (typeof questions)[number]) => {
          const { orderBy, filter, limit, fromEnd } = question;
          const order = new Order(Specimen, orderBy);
          // Places of any record: the filter may leave it out.
          const all = sorted(written, orderBy);
          const index = (nat: number | null) => (nat === null ? null : nat % (all.length || 1));
          const [after, before] = [index(question.after), index(question.before)];
          const placeAt = (at: number | null) => {
            const version = at === null ? undefined : all[at];
            return version && order.placeOf(version);
          };
          const found = await store.list(Specimen, {
            orderBy,
            filter,
            limit,
            fromEnd,
            after: placeAt(after),
            before: placeAt(before),
          });
          const rest = all
            .slice((after ?? -1) + 1, before ?? all.length)
            .filter((version) => matches(version, filter));
          const page = fromEnd
            ? rest.slice(Math.max(0, rest.length - limit))
            : rest.slice(0, limit);
          expect({ question, ...found }).toEqual({
            question,
            versions: page,
            more: rest.length > limit,
          });
          const count = written.filter((version) => matches(version, filter)).length;
          expect({ filter, count: await store.count(Specimen, { filter }) }).toEqual({
            filter,
            count,
          });
        };
        await Promise.all(questions.map(ask));
      }),
  ),
);

test('every operator of every field selects what the model selects', { timeout: 120_000 }, () =>
  checkProperty(
    'filters',
    fc.tuple(
      fc.array(specimenValues, { minLength: 12, maxLength: 24 }),
      fc.tuple(
        ...conditions.map(({ name, kind, operator }) =>
          operandFor(kind, operator).map((operand) => ({ name, operator, operand })),
        ),
      ),
    ),
    5,
    ([inputs, questions]) =>
      withStore(options, async (store) => {
        const written = await fill(store, inputs);
        for (const question of questions) {
          const filter = { [question.name]: { [question.operator]: question.operand } };
          const { versions } = await store.list(Specimen, { filter, orderBy: [] });
          const expected = sorted(written, []).filter((version) => matches(version, filter));
          expect({ question, versions }).toEqual({ question, versions: expected });
        }
      }),
  ),
);

test('walking page by page meets every record once, from either end', async () => {
  const store = await openTemporary();
  const priorities = Array.from({ length: 25 }, (_, index) => index % 4);
  for (const priority of priorities) await store.append(Todo, { priority });
  const order = new Order(Todo, Todo.defaultOrder);
  const whole = (await store.list(Todo)).versions;
  expect(whole.map(({ values }) => values.priority)).toEqual(priorities.toSorted());
  for (const fromEnd of [false, true]) {
    const met: Version<typeof Todo>[] = [];
    for (let more = true; more; ) {
      const edge = fromEnd ? met[0] : met.at(-1);
      const place = edge && order.placeOf(edge);
      const page = await store.list(Todo, {
        limit: 4,
        fromEnd,
        ...(fromEnd ? { before: place } : { after: place }),
      });
      met.splice(fromEnd ? 0 : met.length, 0, ...page.versions);
      more = page.more;
    }
    expect(met).toEqual(whole);
  }
});

test('a walk at one position is not disturbed by later writes', async () => {
  const store = await openTemporary({
    replicaInMemory: false,
    replicaLimits: { mergeRows: 3, mergeIdleMs: 0 },
  });
  for (let count = 0; count < 10; count += 1) await store.append(Todo, { id: `${count}` });
  const at = await store.head();
  const whole = (await store.list(Todo, { at })).versions;
  const order = new Order(Todo, Todo.defaultOrder);
  const met: Version<typeof Todo>[] = [];
  for (let more = true; more; ) {
    const edge = met.at(-1);
    const page = await store.list(Todo, { at, limit: 3, after: edge && order.placeOf(edge) });
    met.push(...page.versions);
    more = page.more;
    await store.append(Todo, { priority: 0 });
    await store.update(Todo, '7', { priority: met.length });
    if (met.length === 3) await store.delete(Todo, '0');
  }
  expect(met).toEqual(whole);
});

test('the default order of todos is the lowest priority first, then the newest', async () => {
  const store = await openTemporary();
  for (const [id, priority] of [
    ['a', 2],
    ['b', 1],
    ['c', 2],
  ] as const) {
    await store.append(Todo, { id, priority });
  }
  await store.update(Todo, 'a', { status: 'open' });
  expect((await store.list(Todo)).versions.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('a list never holds deleted records, though their versions can be asked for', async () => {
  const store = await openTemporary();
  await store.append(Todo, { id: 'x' });
  const before = await store.head();
  await store.delete(Todo, 'x');
  expect((await store.list(Todo)).versions).toEqual([]);
  expect(await store.get(Todo, 'x')).toBeNull();
  const [version] = await store.records(Todo, [{ id: 'x', at: await store.head() }]);
  expect(version?.operation).toBe('DELETE');
  expect((await store.get(Todo, 'x', before))?.operation).toBe('CREATE');
});

test('a limit or an operand list beyond its bounds is refused', async () => {
  const store = await openTemporary();
  for (const limit of [-1, 1.5, limits.pageRowsMax + 1, Number.NaN]) {
    await expect(store.list(Todo, { limit })).rejects.toBeInstanceOf(BadRequest);
  }
  const tooMany = Array.from({ length: limits.filterListMax + 1 }, (_, index) => `${index}`);
  const longFilter = store.list(Todo, { filter: { userId: { in: tooMany } } });
  await expect(longFilter).rejects.toMatchObject({ argument: 'filter.userId.in' });
  const many = tooMany.slice(1);
  const or = Array.from({ length: 11 }, () => ({ userId: { in: many } }));
  await expect(store.list(Todo, { filter: { or } })).rejects.toMatchObject({ argument: 'filter' });
  await expect(store.list(Todo, { filter: { or: or.slice(1) } })).resolves.toBeDefined();
  const unknown = store.list(Todo, { filter: { constructor: { eq: 'x' } } as never });
  await expect(unknown).rejects.toThrow('is not a field of Todo');
});

test('values in filters are values, whatever SQL they hold', async () => {
  const store = await openTemporary();
  const subject = `'; drop table todos; --`;
  await store.append(Todo, { id: subject, subject });
  const { versions } = await store.list(Todo, { filter: { subject: { eq: subject } } });
  expect(versions.map(({ id }) => id)).toEqual([subject]);
  expect((await store.get(Todo, subject))?.values.subject).toBe(subject);
});

test('many records at many positions are read in one query', async () => {
  const queries: string[] = [];
  const store = await openTemporary({ onReplicaQuery: (sql) => queries.push(sql) });
  const ids = Array.from({ length: 50 }, (_, index) => `${index}`);
  await Promise.all(ids.map((id) => store.append(Todo, { id })));
  const head = await store.head();
  queries.length = 0;
  const found = await store.records(
    Todo,
    ids.map((id) => ({ id, at: head })),
  );
  expect(found.map((version) => version?.id)).toEqual(ids);
  expect(queries).toHaveLength(1);
  expect(await store.records(Todo, [])).toEqual([]);
  expect(queries).toHaveLength(1);
});
