/** The transactions of the log in pages, and the log read from its end. */
import fc from 'fast-check';
import { connectionFromArray } from 'graphql-relay';
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { openApi, TestApi } from './support/api.ts';
import { lakeFile } from './support/lake-file.ts';
import { checkProperty } from './support/property.ts';
import { openTemporary, withStore } from './support/temporary-store.ts';

const page = `query (
  $first: Int, $after: String, $last: Int, $before: String, $order: SortDirection
  $filter: TransactionFilter, $asOf: AsOf
) {
  transactions(first: $first, after: $after, last: $last, before: $before, order: $order
    filter: $filter, asOf: $asOf) {
    totalCount
    edges { cursor node { id actor reason committedAt firstPosition lastPosition } }
    pageInfo { hasNextPage hasPreviousPage }
  }
}`;

interface Page {
  readonly totalCount: number;
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: object;
}

const read = async (api: TestApi, variables: object = {}): Promise<Page> =>
  (await api.data(page, { ...variables })).transactions;
const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id).join(' ');

/** Transactions 1, 2, 3 …, a microsecond apart, each of two todos. */
async function withTransactions(reasons: readonly (string | null)[]): Promise<TestApi> {
  let now = 1_795_395_723_000_000;
  const api = await openApi({ clock: () => (now += 1) });
  for (const [index, reason] of reasons.entries()) {
    const work = api.store.transact(
      async (log) => {
        await log.create(Todo, {});
        await log.create(Todo, {});
      },
      { reason, actor: index % 2 === 0 ? 'ada' : null },
    );
    await work;
  }
  return api;
}

test('what happened lately, and who did it, comes first', async () => {
  const api = await openApi();
  await api.store.append(Todo, { id: 'a' }, { actor: 'ada', reason: 'begin' });
  await api.store.transact(
    async (log) => {
      await log.update(Todo, 'a', { status: 'done' });
      await log.create(LakeFile, { id: 'f', ...lakeFile('f') });
    },
    { actor: 'grace' },
  );
  const { transactions } = await api.data(`{ transactions(first: 5) { totalCount edges { node {
    id actor reason firstPosition lastPosition versions { totalCount edges { node { id } } }
  } } } }`);
  expect(transactions).toEqual({
    totalCount: 2,
    edges: [
      {
        node: {
          id: '2',
          actor: 'grace',
          reason: null,
          firstPosition: '2',
          lastPosition: '3',
          versions: { totalCount: 2, edges: [{ node: { id: 'a@2' } }, { node: { id: 'f@1' } }] },
        },
      },
      {
        node: {
          id: '1',
          actor: 'ada',
          reason: 'begin',
          firstPosition: '1',
          lastPosition: '1',
          versions: { totalCount: 1, edges: [{ node: { id: 'a@1' } }] },
        },
      },
    ],
  });
});

test('an empty log has none', async () => {
  const api = await openApi();
  expect(await read(api)).toMatchObject({ totalCount: 0, edges: [] });
  expect(await read(api, { filter: { reason: { isNull: true } } })).toMatchObject({ edges: [] });
});

test('filters find transactions by actor, reason and time', async () => {
  const api = await withTransactions(['Début', null, 'debut', 'DÉBUT de tout', 'fin', null]);
  const time = (micros: number) => `2026-11-23T01:02:03.00000${micros}Z`;
  for (const [filter, ids] of [
    [{}, '6 5 4 3 2 1'],
    [{ actor: null, reason: null, committedAt: null }, '6 5 4 3 2 1'],
    [{ actor: { eq: 'ada' } }, '5 3 1'],
    [{ actor: { isNull: true } }, '6 4 2'],
    [{ actor: { ne: 'ada' } }, '6 4 2'],
    [{ actor: { in: ['ada', 'grace'] }, reason: { contains: 'ut' } }, '3 1'],
    [{ reason: { containsInsensitive: 'de\u0301BUT' } }, '4 1'],
    [{ reason: { endsWith: 'tout' } }, '4'],
    [{ committedAt: { gte: time(3) } }, '6 5 4 3'],
    [{ committedAt: { gt: time(3), lt: time(6) } }, '5 4'],
    [{ committedAt: { lte: time(2) } }, '2 1'],
    [{ committedAt: { eq: time(2) } }, '2'],
    [{ committedAt: { eq: '2026-11-23T01:02:04Z' } }, ''],
    [{ committedAt: { ne: time(2) } }, '6 5 4 3 1'],
    [{ committedAt: { in: [time(1), time(6)] } }, '6 1'],
    [{ committedAt: { isNull: true } }, ''],
    [{ committedAt: { lt: time(2), gt: time(5) } }, ''],
    [{ committedAt: { gte: time(2) }, actor: { eq: 'ada' }, reason: { isNull: false } }, '5 3'],
  ] as const) {
    const { totalCount, ...found } = await read(api, { filter });
    expect([filter, idsOf({ totalCount, ...found })]).toEqual([filter, ids]);
    expect([filter, totalCount]).toEqual([filter, ids.split(' ').filter(Boolean).length]);
  }
  const { errors } = await api.ask(page, { filter: { reason: { eq: null } } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('isNull'),
    extensions: { code: 'BAD_USER_INPUT', argument: 'filter.reason.eq' },
  });
});

const nat = fc.option(fc.nat({ max: 12 }), { nil: null });

test('every page is the one that the Relay specification asks for', { timeout: 120_000 }, () =>
  checkProperty(
    'transaction pages',
    fc.tuple(
      fc.array(fc.constantFrom('a', 'b', null), { maxLength: 12 }),
      fc.array(
        fc.record({
          size: fc.nat({ max: 6 }),
          fromEnd: fc.boolean(),
          after: nat,
          before: nat,
          order: fc.constantFrom('ASC', 'DESC', null),
          filter: fc.constantFrom(null, { reason: { eq: 'a' } }, { reason: { ne: 'a' } }),
        }),
        { minLength: 10, maxLength: 20 },
      ),
    ),
    20,
    ([reasons, questions]) =>
      withStore({ replicaInMemory: true }, async (store) => {
        const api = new TestApi(store);
        for (const reason of reasons) await store.append(Todo, {}, { reason });
        for (const { size, fromEnd, after, before, order, filter } of questions) {
          // Cursors of any transaction: the filter may leave it out.
          const { edges } = await read(api, { order });
          const cursor = (place: number | null) => edges[place ?? -1]?.cursor ?? null;
          const asked = { ...(fromEnd ? { last: size } : { first: size }), order, filter };
          const got = await read(api, { ...asked, after: cursor(after), before: cursor(before) });
          const matches = (id: string) => {
            const reason = reasons[Number(id) - 1];
            return !filter || ('eq' in filter.reason ? reason === 'a' : reason !== 'a');
          };
          const end = cursor(before) === null ? edges.length : (before as number);
          const begin = cursor(after) === null ? 0 : (after as number) + 1;
          const wanted = edges.slice(begin, Math.max(begin, end));
          const model = connectionFromArray(
            wanted.map(({ node }) => node.id).filter(matches),
            fromEnd ? { last: size } : { first: size },
          );
          expect([asked, idsOf(got)]).toEqual([asked, model.edges.map((e) => e.node).join(' ')]);
          const { hasNextPage, hasPreviousPage } = model.pageInfo;
          expect([asked, got.pageInfo]).toEqual([asked, { hasNextPage, hasPreviousPage }]);
        }
      }),
  ),
);

test('pages that go on from a cursor stand where the first one stood', async () => {
  const api = await withTransactions(['1', '2', '3', '4']);
  const first = await read(api, { first: 2 });
  await api.store.append(Todo, {});
  const after = first.edges[1]?.cursor;
  const second = await read(api, { first: 2, after });
  expect([idsOf(first), idsOf(second)]).toEqual(['4 3', '2 1']);
  expect(second.totalCount).toBe(4);
  expect((await read(api)).totalCount).toBe(5);
  const other = (await read(api)).edges[0]?.cursor;
  expect(await api.codes(page, { after, before: other })).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes(page, { after, order: 'ASC' })).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes(page, { after, asOf: { position: '9' } })).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes(page, { first: 1, last: 1 })).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes(page, { first: 1_001 })).toEqual(['BAD_USER_INPUT']);
});

test('as of a moment there are those that were whole by then', async () => {
  const api = await withTransactions(['1', '2', '3']);
  for (const [asOf, ids] of [
    [{ position: '0' }, ''],
    [{ position: '3' }, '1'],
    [{ position: '4' }, '2 1'],
    [{ transaction: '2' }, '2 1'],
    [{ time: '2026-11-23T01:02:03.000001Z' }, '1'],
  ] as const) {
    const found = await read(api, { asOf });
    expect([asOf, idsOf(found), found.totalCount]).toEqual([
      asOf,
      ids,
      ids.split(' ').filter(Boolean).length,
    ]);
  }
  expect(await api.codes(page, { asOf: { position: '7' } })).toEqual(['BAD_USER_INPUT']);
});

test('a long log is looked through a few rows at a time', { timeout: 60_000 }, async () => {
  const api = await openApi();
  const count = limits.transactionScanRows * 4 + 3;
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      api.store.append(Todo, {}, { reason: index % 500 === 0 ? 'rare' : 'common' }),
    ),
  );
  const rare = { reason: { eq: 'rare' } };
  const down = await read(api, { filter: rare });
  const up = await read(api, { filter: rare, order: 'ASC' });
  expect(down.totalCount).toBe(3);
  expect(idsOf(up).split(' ').reverse().join(' ')).toBe(idsOf(down));
  expect(idsOf(await read(api, { filter: rare, last: 1 }))).toBe(idsOf(up).split(' ')[0]);
  expect((await read(api, { first: 1_000 })).edges).toHaveLength(1_000);
  expect((await read(api, { filter: { reason: { ne: 'rare' } } })).totalCount).toBe(count - 3);
});

test('a store that closes ends lists of transactions with UNAVAILABLE', async () => {
  const store = await openTemporary();
  await Promise.all(Array.from({ length: 600 }, () => store.append(Todo, {})));
  const query = { filter: { reason: { eq: 'none' } }, at: await store.head() };
  const refused = expect(store.transactionCount(query)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  await store.close();
  await refused;
});

test('the log can be read from its end, in order', async () => {
  const api = await openApi();
  for (let index = 1; index <= 7; index += 1) {
    if (index % 3 === 0)
      await api.store.append(LakeFile, { id: `${index}`, ...lakeFile(`${index}`) });
    else await api.store.append(Todo, { id: `${index}` });
  }
  const changes = async (args: string) => {
    const { changes } = await api.data(
      `{ changes(${args}) { changes { position } position hasMore } }`,
    );
    const positions = changes.changes.map(({ position }: { position: string }) => position);
    return `${positions.join(' ')} | ${changes.position} ${changes.hasMore}`;
  };
  for (const [args, answer] of [
    ['last: 3', '5 6 7 | 7 true'],
    ['last: 3, before: "5"', '2 3 4 | 4 true'],
    ['last: 3, before: "2"', '1 | 1 false'],
    ['last: 3, before: "1"', ' | 0 false'],
    ['last: 3, before: "0"', ' | 0 false'],
    ['last: 7', '1 2 3 4 5 6 7 | 7 false'],
    ['last: 0', ' | 7 true'],
    ['last: 2, entities: [TODO]', '5 7 | 7 true'],
    ['last: 2, entities: [LAKE_FILE], before: "6"', '3 | 5 false'],
    ['last: 3, after: "5"', '6 7 | 7 false'],
    ['first: 2, before: "6", after: "3"', '4 5 | 5 false'],
    ['first: 1, before: "6", after: "3"', '4 | 4 true'],
    ['before: "3"', '1 2 | 2 false'],
    ['after: "5", before: "3"', ' | 5 false'],
    ['last: 1, before: "99"', '7 | 7 true'],
    ['first: 2', '1 2 | 2 true'],
  ] as const) {
    expect([args, await changes(args)]).toEqual([args, answer]);
  }
  expect(await api.codes('{ changes(first: 1, last: 1) { hasMore } }')).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes('{ changes(last: -1) { hasMore } }')).toEqual(['BAD_USER_INPUT']);
  expect(await api.codes('{ changes(last: 1, after: "8") { hasMore } }')).toEqual([
    'BAD_USER_INPUT',
  ]);
});
