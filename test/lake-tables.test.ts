/** Files as tables: whatever is none is said to be none, and the server goes on. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { limits, openStore } from '../src/db/index.ts';
import { ownFile } from '../src/db/shared/own-file.ts';
import { LakeFile, shippedEntities } from '../src/entities/index.ts';
import { TestApi } from './support/api.ts';
import { parquetOf } from './support/parquet.ts';
import { smallDisk } from './support/small-disk.ts';
import { lastingDirectory, openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { workbookOf } from './support/workbook.ts';

type Bytes = string | Uint8Array;

const faults: unknown[] = [];

/** One store for all of them, so that its processes serve all of them. */
const store = await openStore({
  directory: lastingDirectory(),
  entities: shippedEntities,
  replicaInMemory: true,
  onFault: (error) => faults.push(error),
});
const api = new TestApi(store);
afterAll(async () => {
  await store.close();
  expect(faults).toEqual([]);
});

let folders = 0;

/** Stores a new file. @returns its id. */
async function put(filename: string, bytes: Bytes, filetype?: string): Promise<string> {
  folders += 1;
  const data = Buffer.from(bytes).toString('base64');
  const input = { path: String(folders), filename, filetype, data };
  const { createLakeFile } = await api.data(
    `mutation ($input: CreateLakeFileInput!) { createLakeFile(input: $input) {
      ... on CreateLakeFilePayload { lakeFile { id } } } }`,
    { input },
  );
  return createLakeFile.lakeFile.id;
}

const tableQuery = `query ($id: ID!, $first: Int, $offset: Int, $sheet: String) {
  lakeFile(id: $id) { table(first: $first, offset: $offset, sheet: $sheet) {
    columns { name type } rows totalRows } } }`;

/** The table of a file. */
async function table(id: string, variables: object = {}) {
  return (await api.data(tableQuery, { id, ...variables })).lakeFile.table;
}

/** The table of a new file. */
async function tableOf(filename: string, bytes: Bytes, variables: object = {}) {
  return await table(await put(filename, bytes), variables);
}

/** The error of a new file that is none that can be read. */
async function refusedTable(filename: string, bytes: Bytes, variables: object = {}) {
  const id = await put(filename, bytes);
  const { data, errors } = await api.ask(tableQuery, { id, ...variables });
  expect(data?.lakeFile.table).toBeNull();
  const [error] = errors ?? [];
  expect(error?.message).not.toMatch(/everstate-|\.parquet|\.text/);
  // The server goes on, and answers the next one.
  expect((await tableOf('next.csv', 'a\n1\n')).rows).toEqual([[1]]);
  return { code: error?.extensions.code, message: error?.message, limit: error?.extensions.limit };
}

const cars = 'name,speed,built\nbeetle,115,1938-07-03\nporsche,250.5,1963-09-12\n';
const carRows = [
  ['beetle', 115, '1938-07-03'],
  ['porsche', 250.5, '1963-09-12'],
];

test('a CSV is a table, with the types that its values have', async () => {
  expect(await tableOf('cars.csv', cars)).toEqual({
    columns: [
      { name: 'name', type: 'VARCHAR' },
      { name: 'speed', type: 'DOUBLE' },
      { name: 'built', type: 'DATE' },
    ],
    rows: carRows,
    totalRows: 2,
  });
});

test('rows are given in pages, and all of them counted', async () => {
  const numbers = `n\n${Array.from({ length: 2_500 }, (_, n) => n).join('\n')}\n`;
  const id = await put('n.csv', numbers);
  const page = (first: number, offset: number) => table(id, { first, offset });
  expect(await page(2, 0)).toMatchObject({ rows: [[0], [1]], totalRows: 2_500 });
  expect(await page(1_000, 1_999)).toMatchObject({ totalRows: 2_500 });
  expect((await page(1_000, 1_999)).rows.at(-1)).toEqual([2_499]);
  expect(await page(10, 9_999)).toMatchObject({ rows: [], totalRows: 2_500 });
  expect(await page(0, 0)).toMatchObject({ rows: [], totalRows: 2_500 });
  for (const [first, offset, argument] of [
    [1_001, 0, 'first'],
    [-1, 0, 'first'],
    [1, -1, 'offset'],
  ]) {
    const { errors } = await api.ask(tableQuery, { id, first, offset });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  }
});

test.each([
  ['cars.tsv', cars.replaceAll(',', '\t')],
  ['cars.json', JSON.stringify(carRows.map(([name, speed, built]) => ({ name, speed, built })))],
  [
    'cars.ndjson',
    carRows.map(([name, speed, built]) => JSON.stringify({ name, speed, built })).join('\n'),
  ],
  ['cars.csv.gz', gzipSync(cars)],
  ['cars.csv', gzipSync(cars)],
  ['cars.CSV', cars.replaceAll(',', ';')],
])('%s is the same table', async (filename, bytes) => {
  const { columns, rows, totalRows } = await tableOf(filename, bytes);
  expect(columns.map(({ name }: { name: string }) => name)).toEqual(['name', 'speed', 'built']);
  expect([rows, totalRows]).toEqual([carRows, 2]);
});

test('a file is what its filetype says, whatever its name is', async () => {
  const rows = async (filename: string, bytes: Bytes, filetype: string) =>
    (await table(await put(filename, bytes, filetype))).rows;
  expect(await rows('cars', cars, 'text/csv; charset=utf-8')).toEqual(carRows);
  expect(await rows('cars.txt', cars, '.csv')).toEqual(carRows);
  expect(await rows('cars.csv', '{"a":1}\n{"a":2}\n', 'ndjson')).toEqual([[1], [2]]);
});

test('what is no table by its type and name is none, without an error', async () => {
  for (const filename of ['picture.png', 'README', 'notes.txt', 'constructor', 'x.constructor']) {
    expect(await tableOf(filename, cars)).toBeNull();
  }
});

test('Parquet keeps its own types', async () => {
  const bytes =
    await parquetOf(`select 1::tinyint as a, 9007199254740993 as b, 1.10::decimal(5, 2) as c,
    12345678901234567.89::decimal(20, 2) as d, timestamp '2020-01-02 03:04:05.5' as e,
    timestamptz '2020-01-02 03:04:05+00' as f, {x: [1, 2], y: null::int} as g, map {'k': 1} as h,
    'nan'::double as i, '\\x01\\x02'::blob as j, null as k, interval 3 day as l,
    uuid '00000000-0000-0000-0000-000000000001' as m, time '01:02:03' as n, true as o`);
  const { columns, rows } = await tableOf('types.parquet', bytes);
  expect(columns.slice(0, 4).map(({ type }: { type: string }) => type)).toEqual([
    'TINYINT',
    'BIGINT',
    'DECIMAL(5,2)',
    'DECIMAL(20,2)',
  ]);
  expect(rows).toEqual([
    [
      1,
      '9007199254740993',
      1.1,
      '12345678901234567.89',
      '2020-01-02T03:04:05.5',
      '2020-01-02T03:04:05Z',
      { x: [1, 2], y: null },
      [['k', 1]],
      'NaN',
      'AQI=',
      null,
      '3 days',
      '00000000-0000-0000-0000-000000000001',
      '01:02:03',
      true,
    ],
  ]);
});

test('a workbook is a table for each sheet', async () => {
  const bytes = workbookOf({
    Cars: [
      ['name', 'speed', 'name', null],
      ['beetle', 115, 'x', true],
      ['007', null, 'ü & <b>', null],
    ],
    Empty: [],
  });
  expect(await tableOf('book.xlsx', bytes)).toMatchObject({
    columns: [{ name: 'name' }, { name: 'speed' }, { name: 'name_1' }, { name: 'column3' }],
    rows: [
      ['beetle', 115, 'x', true],
      ['007', null, 'ü & <b>', null],
    ],
  });
  expect((await tableOf('book.xlsx', bytes, { sheet: 'Empty' })).totalRows).toBe(0);
  expect(await refusedTable('book.xlsx', bytes, { sheet: 'Trucks' })).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: 'sheet: must be one of "Cars", "Empty", but was "Trucks".',
  });
  expect(await refusedTable('cars.csv', cars, { sheet: 'Cars' })).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: 'sheet: may be given for a workbook alone, but this is csv.',
  });
});

test.each([
  ['UTF-16, little end first', Buffer.from(`\ufeff${'n\nä☃😀\n'}`, 'utf16le'), 'ä☃😀'],
  ['UTF-16, big end first', Buffer.from(`\ufeff${'n\nä☃😀\n'}`, 'utf16le').swap16(), 'ä☃😀'],
  ['UTF-8 with a mark', Buffer.from('\ufeffn\nä☃😀\n'), 'ä☃😀'],
  ['Latin-1', Buffer.from('n\nMüller\n', 'latin1'), 'Müller'],
])('text in %s is read as what it says', async (_, bytes, value) => {
  expect(await tableOf('text.csv', bytes)).toMatchObject({
    columns: [{ name: 'n' }],
    rows: [[value]],
  });
});

test.each([
  ['empty.csv', ''],
  ['empty.json', ''],
  ['list.json', '[]'],
  ['head.csv', 'a,b\n'],
])('%s has no rows', async (filename, bytes) => {
  expect(await tableOf(filename, bytes)).toMatchObject({ rows: [], totalRows: 0 });
});

test('a row of a million characters is read', async () => {
  const { rows } = await tableOf('long.csv', `a,b\n1,${'x'.repeat(1_000_000)}\n`);
  expect(rows[0][1]).toHaveLength(1_000_000);
});

test.each([
  ['cut.parquet', Buffer.from('PAR1 and no more')],
  ['no.xlsx', 'PK'],
  ['no.json', '{"a": 1'],
  ['no.ndjson', '{"a": 1}\n{"a": \n'],
  ['packed.csv.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])],
  ['cut.csv.gz', gzipSync('a,b\n1,2\n'.repeat(10_000)).subarray(0, 100)],
  ['bytes.csv', Buffer.from(Array.from({ length: 5_000 }, (_, place) => (place * 7_919) % 256))],
  ['uneven.csv', 'a,b\n1,2\n3,4,5,6\n'],
])('%s is none that can be read', async (filename, bytes) => {
  expect(await refusedTable(filename, bytes)).toMatchObject({ code: 'TABLE_UNREADABLE' });
});

test('a Parquet file that was cut is none that can be read', async () => {
  const whole = await parquetOf('select range as n from range(10000)');
  const cut = Buffer.concat([whole.subarray(0, whole.length - 40), whole.subarray(-8)]);
  for (const bytes of [whole.subarray(0, whole.length / 2), cut]) {
    expect(await refusedTable('cut.parquet', bytes)).toMatchObject({ code: 'TABLE_UNREADABLE' });
  }
});

test.each([
  ['objects', '{"a":'.repeat(10_000) + 1 + '}'.repeat(10_000)],
  ['lists', '['.repeat(10_000) + ']'.repeat(10_000)],
])('JSON of %s nested 10,000 deep is told of by the limit', async (_, text) => {
  expect(await refusedTable('deep.json', text)).toMatchObject({
    code: 'TABLE_LIMIT_EXCEEDED',
    limit: 'tableJsonDepthMax',
  });
});

test('brackets in texts nest nothing', async () => {
  const text = JSON.stringify([{ a: '[{"\\'.repeat(1_000) }]);
  expect((await tableOf('text.json', text)).rows[0][0]).toHaveLength(4_000);
});

test('a CSV of 10,000 columns is told of by the limit', async () => {
  const row = (make: (place: number) => unknown) =>
    Array.from({ length: 10_000 }, (_, place) => make(place)).join(',');
  expect(
    await refusedTable('wide.csv', `${row((n) => `c${n}`)}\n${row((n) => n)}\n`),
  ).toMatchObject({ code: 'TABLE_LIMIT_EXCEEDED', limit: 'tableMemoryMaxMb' });
});

test('what unpacks to more than a table may have is told of by the limit', async () => {
  const part = gzipSync(Buffer.alloc(limits.tableBytesMax / 16, 'a\n'), { level: 1 });
  const bomb = Buffer.concat(Array.from({ length: 17 }, () => part));
  expect(await refusedTable('bomb.ndjson.gz', bomb)).toMatchObject({
    code: 'TABLE_LIMIT_EXCEEDED',
    limit: 'tableBytesMax',
  });
});

test('where the disk of tables is full that is said, and there is room again once there is', async (context) => {
  const directory = temporaryDirectory();
  const tables = join(directory, 'tables');
  mkdirSync(tables);
  smallDisk(context, 2_048, tables);
  const own = new TestApi(await openTemporary({ directory, replicaInMemory: true }));
  const { value } = await own.store.transact(async (log) => {
    const rows = Array.from({ length: 60_000 }, (_, n) => `${(n * 7_919) % 1_000_003},${n}`);
    const contents = await log.putContents(Buffer.from(`a,b\n${rows.join('\n')}\n`));
    return log.create(LakeFile, { filename: 'n.csv', ...contents });
  });
  const filler = join(tables, 'filler');
  // Too little for the text, and too little for what is made of it.
  for (const kilobytes of [1_800, 1_150]) {
    writeFileSync(filler, Buffer.alloc(kilobytes * 1_024));
    expect(await own.codes(tableQuery, { id: value.id }), String(kilobytes)).toEqual([
      'STORAGE_FULL',
    ]);
  }
  rmSync(filler);
  expect((await own.data(tableQuery, { id: value.id })).lakeFile.table.totalRows).toBe(60_000);
});

test('from the sources, too, such a process starts', async () => {
  const { path, execArgv } = ownFile('db/tables/process/main');
  expect(path).toMatch(/\.ts$/);
  const child = fork(path, [], { env: {}, execArgv: [...execArgv] });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect((await once(child, 'message'))[0]).toEqual({ type: 'ready' });
});
