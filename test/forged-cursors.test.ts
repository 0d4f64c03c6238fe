/** Cursors are opaque, but anybody can make one: whatever it holds is answered, or refused. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderFieldsOf, Todo } from '../src/entities/index.ts';
import { openApi, type TestApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { Specimen } from './support/specimen.ts';

const encode = (cursor: unknown) => Buffer.from(JSON.stringify(cursor)).toString('base64url');
const decode = (cursor: string): unknown[] =>
  JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));

const enumOf = (field: string) =>
  field.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** Every connection that goes on from cursors, by name: a query of `$after` or `$before`. */
const connections = new Map([
  ...orderFieldsOf(Specimen).flatMap((field) =>
    ['ASC', 'DESC'].map(
      (direction) =>
        [
          `specimens by ${field} ${direction}`,
          `specimens(orderBy: [{ field: ${enumOf(field)}, direction: ${direction} }], ARGS) { EDGES }`,
        ] as const,
    ),
  ),
  [
    'specimens by many',
    `specimens(orderBy: [${['RANK', 'WEIGHT', 'DONE', 'ID', 'BYTES', 'DUE']
      .map((field) => `{ field: ${field} }`)
      .join(', ')}], ARGS) { EDGES }`,
  ],
  ['todos by a text', 'todos(orderBy: [{ field: SUBJECT }], ARGS) { EDGES }'],
  ['history', 'specimen(id: "a") { history(ARGS) { EDGES } }'],
  ['versions', 'transaction(id: "1") { versions(ARGS) { EDGES } }'],
  ['transactions', 'transactions(ARGS) { EDGES }'],
  ['transactions, the oldest first', 'transactions(order: ASC, ARGS) { EDGES }'],
]);

const queryOf = (connection: string, argument: string) =>
  `query ($cursor: String) { ${connection
    .replace('ARGS', `${argument}: $cursor`)
    .replace('EDGES', 'edges { cursor }')} }`;

/** A log with some of everything. */
async function withSpecimens(): Promise<TestApi> {
  const api = await openApi({ entities: [Specimen, Todo] });
  await api.store.transact(async (log) => {
    await log.create(Specimen, { id: 'a', title: 't', rank: 1, weight: 0.5, done: true, due: 1 });
    await log.create(Specimen, { id: 'b', bytes: 2, labels: ['l'] });
  });
  await api.store.append(Todo, { subject: 's' });
  await api.store.update(Specimen, 'a', { rank: 2 });
  return api;
}

/** A cursor that the server gave, as what it holds. */
async function givenCursor(api: TestApi, connection: string): Promise<unknown[]> {
  const query = connection.replace('ARGS', 'first: 1').replace('EDGES', 'edges { cursor }');
  const text = JSON.stringify(await api.data(`{ ${query} }`));
  return decode(text.match(/"cursor":"([^"]+)"/)?.[1] as string);
}

const strange: readonly unknown[] = [
  ...[null, true, false, '', 'abc', '1', '\ud800', '\0', {}, [], [1], { a: 1 }],
  ...[0, -1, 1, 0.5, 1e300, -1e300, 2 ** 53, 2 ** 63, 2 ** 64, Number.MAX_SAFE_INTEGER],
];

test('a cursor with a value of another type is refused, whichever list it is of', async () => {
  const api = await withSpecimens();
  for (const [name, connection] of connections) {
    const given = await givenCursor(api, connection);
    for (const [place, value] of given.entries()) {
      for (const other of strange) {
        // Of the same type it may be a cursor; null stands for no value.
        const alike = typeof other === typeof value || other === null || value === null;
        const forged = given.with(place, other);
        const codes = await api.codes(queryOf(connection, 'after'), { cursor: encode(forged) });
        if (alike && codes.length === 0) continue;
        expect([name, forged, codes]).toEqual([name, forged, ['BAD_USER_INPUT']]);
      }
    }
    for (const forged of [[...given, 1], given.slice(0, -1), [], [given], 'x', null, 1]) {
      const { errors } = await api.ask(queryOf(connection, 'after'), { cursor: encode(forged) });
      expect([name, forged, errors?.[0]?.extensions]).toEqual([
        name,
        forged,
        { code: 'BAD_USER_INPUT', argument: 'after' },
      ]);
    }
  }
  expect(api.logged).toEqual([]);
});

test('no cursor is an internal error, whatever it holds', { timeout: 120_000 }, async () => {
  const api = await withSpecimens();
  const given = new Map<string, unknown[]>();
  for (const [name, connection] of connections) {
    given.set(name, await givenCursor(api, connection));
  }
  const value = fc.oneof(fc.constantFrom(...strange), fc.jsonValue(), fc.double(), fc.string());
  await checkProperty(
    'forged cursors',
    fc.tuple(
      fc.constantFrom(...connections.keys()),
      fc.constantFrom('after', 'before'),
      fc.array(fc.tuple(fc.nat({ max: 8 }), value), { minLength: 1, maxLength: 3 }),
    ),
    400,
    async ([name, argument, changes]) => {
      const forged = [...(given.get(name) as unknown[])];
      for (const [place, value] of changes) forged[place % (forged.length + 1)] = value;
      const query = queryOf(connections.get(name) as string, argument);
      // `versions` goes on after a cursor only.
      if (name === 'versions' && argument === 'before') return;
      const codes = await api.codes(query, { cursor: encode(forged) });
      expect([[], ['BAD_USER_INPUT']]).toContainEqual(codes);
    },
  );
  expect(api.logged).toEqual([]);
});

test('a text that is no cursor at all is refused', async () => {
  const api = await withSpecimens();
  for (const cursor of ['', 'x', '%', '🦆', encode({ a: 1 }), 'W10', '\0']) {
    for (const [name, connection] of connections) {
      const codes = await api.codes(queryOf(connection, 'after'), { cursor });
      expect([name, cursor, codes]).toEqual([name, cursor, ['BAD_USER_INPUT']]);
    }
  }
});
