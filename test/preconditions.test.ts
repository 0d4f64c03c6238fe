/** Conditions on what is there, in the order that RFC 9110, section 13.2.2, gives them. */
import { expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../src/http/server/http-date.ts';
import { listen, openApi } from './support/api.ts';
import { putFiles } from './support/stored-files.ts';

const text = '0123456789';

/** A file over the network, and the values of headers by the names that the table has for them. */
async function serveFile() {
  const api = await openApi();
  const { url } = await listen(api.app);
  await putFiles(api.store, [{ id: 'f', filename: 'f.bin', contents: text }]);
  const first = await fetch(`${url}/files/f`);
  const etag = first.headers.get('etag') ?? '';
  const date = first.headers.get('last-modified') ?? '';
  const at = (seconds: number) => formatHttpDate(Date.parse(date) + seconds * 1_000);
  const values: Readonly<Record<string, string>> = {
    same: etag,
    weak: `W/${etag}`,
    other: '"other"',
    list: `"a", ${etag}`,
    weakList: `"a,b",W/${etag} ,"c"`,
    others: '"a", W/"b"',
    any: '*',
    unquoted: etag.replaceAll('"', ''),
    date,
    before: at(-1),
    after: at(1),
    noDate: '2020-01-01',
    localDate: date.replace('GMT', '+0000'),
  };
  return { url, etag, date, values };
}

type Conditions = Partial<
  Record<'if-match' | 'if-unmodified-since' | 'if-none-match' | 'if-modified-since', string>
>;

const alone: readonly [header: keyof Conditions, value: string, status: number][] = [
  ['if-match', 'same', 200],
  ['if-match', 'list', 200],
  ['if-match', 'any', 200],
  ['if-match', 'weak', 412],
  ['if-match', 'weakList', 412],
  ['if-match', 'other', 412],
  ['if-match', 'unquoted', 412],
  ['if-unmodified-since', 'date', 200],
  ['if-unmodified-since', 'after', 200],
  ['if-unmodified-since', 'before', 412],
  ['if-unmodified-since', 'noDate', 200],
  ['if-none-match', 'same', 304],
  ['if-none-match', 'weak', 304],
  ['if-none-match', 'list', 304],
  ['if-none-match', 'weakList', 304],
  ['if-none-match', 'any', 304],
  ['if-none-match', 'other', 200],
  ['if-none-match', 'others', 200],
  ['if-none-match', 'unquoted', 200],
  ['if-modified-since', 'date', 304],
  ['if-modified-since', 'after', 304],
  ['if-modified-since', 'before', 200],
  ['if-modified-since', 'noDate', 200],
  ['if-modified-since', 'localDate', 200],
];

test('each condition alone', async () => {
  const { url, values } = await serveFile();
  for (const [header, value, status] of alone) {
    for (const method of ['GET', 'HEAD']) {
      const headers = { [header]: values[value] ?? '' };
      const response = await fetch(`${url}/files/f`, { method, headers });
      expect([method, header, value, response.status]).toEqual([method, header, value, status]);
      await response.arrayBuffer();
    }
  }
});

/** By section 13.2.2: what names a tag goes before what names a date, and what must be before what must not. */
function statusBySection(conditions: Conditions): number {
  const holds = (header: keyof Conditions) =>
    alone.find(([name, value]) => name === header && value === conditions[header])?.[2] === 200;
  if (conditions['if-match'] !== undefined) {
    if (!holds('if-match')) return 412;
  } else if (conditions['if-unmodified-since'] !== undefined) {
    if (!holds('if-unmodified-since')) return 412;
  }
  if (conditions['if-none-match'] !== undefined) return holds('if-none-match') ? 200 : 304;
  if (conditions['if-modified-since'] !== undefined) return holds('if-modified-since') ? 200 : 304;
  return 200;
}

test('every combination of conditions that hold, do not hold and are not there', async () => {
  const { url, etag, date, values } = await serveFile();
  const tags = [undefined, 'same', 'other'];
  const dates = [undefined, 'date', 'before'];
  const seen = new Set<number>();
  for (const ifMatch of tags)
    for (const unmodified of dates)
      for (const noneMatch of tags)
        for (const modified of dates) {
          const conditions: Conditions = {
            ...(ifMatch && { 'if-match': ifMatch }),
            ...(unmodified && { 'if-unmodified-since': unmodified }),
            ...(noneMatch && { 'if-none-match': noneMatch }),
            ...(modified && { 'if-modified-since': modified }),
          };
          const headers = Object.fromEntries(
            Object.entries(conditions).map(([name, value]) => [name, values[value] ?? '']),
          );
          const response = await fetch(`${url}/files/f`, { headers });
          const body = await response.text();
          const status = statusBySection(conditions);
          expect([conditions, response.status]).toEqual([conditions, status]);
          seen.add(status);
          if (status === 200) expect(body).toBe(text);
          if (status === 304) {
            expect(body).toBe('');
            expect(response.headers.get('etag')).toBe(etag);
            expect(response.headers.get('last-modified')).toBe(date);
            expect(response.headers.get('cache-control')).toBe('public, no-cache');
            expect(response.headers.get('content-type')).toBe(null);
          }
          if (status === 412) expect(body).toMatch(/^The file is not what/);
        }
  expect([...seen].sort()).toEqual([200, 304, 412]);
});

test.for([
  ['same', 206],
  ['date', 206],
  ['weak', 200],
  ['other', 200],
  ['list', 200],
  ['any', 200],
  ['before', 200],
  ['after', 200],
  ['noDate', 200],
] as const)('a part is given where If-Range is %s: %i', async ([value, status]) => {
  const { url, values } = await serveFile();
  const headers = { range: 'bytes=0-1', 'if-range': values[value] ?? '' };
  const response = await fetch(`${url}/files/f`, { headers });
  expect([response.status, await response.text()]).toEqual([status, status === 206 ? '01' : text]);
});

test('a condition goes before a range, and HEAD knows of no ranges', async () => {
  const { url, etag } = await serveFile();
  const range = 'bytes=0-1';
  const held = await fetch(`${url}/files/f`, { headers: { range, 'if-none-match': etag } });
  expect(held.status).toBe(304);
  const lost = await fetch(`${url}/files/f`, { headers: { range, 'if-match': '"other"' } });
  expect(lost.status).toBe(412);
  const head = await fetch(`${url}/files/f`, { method: 'HEAD', headers: { range } });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  expect(head.headers.get('content-range')).toBe(null);
});

test('conditions on what is not there are as if there were none', async () => {
  const { url } = await serveFile();
  for (const headers of [{ 'if-match': '"other"' }, { 'if-none-match': '*' }] as const) {
    expect((await fetch(`${url}/files/nothing`, { headers })).status).toBe(404);
  }
});

test.for([
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
  ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'],
] as const)('%s is a date', ([header, moment]) => {
  expect(parseHttpDate(header)).toBe(Date.parse(moment));
});

test.for([
  '',
  '0',
  '2020-01-01',
  '2020-01-01T00:00:00Z',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 +0000',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 30 Feb 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
])('%j is no date', (header) => {
  expect(parseHttpDate(header)).toBe(null);
});
