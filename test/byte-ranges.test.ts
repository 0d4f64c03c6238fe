/** Which bytes a Range header asks for, and that exactly those are sent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestLimits } from '../src/http/index.ts';
import { parseByteRanges } from '../src/http/pages/byte-ranges.ts';
import { listen, openApi } from './support/api.ts';
import { checkProperty } from './support/property.ts';
import { bytesReadFrom, putFiles } from './support/stored-files.ts';

const most = requestLimits.rangesMax;
const each = (count: number) =>
  Array.from({ length: count }, (_, index) => `${index * 2}-${index * 2}`).join(',');

test.for([
  ['nothing at all', null],
  ['no unit', '0-1'],
  ['another unit', 'lines=0-1'],
  ['no range', 'bytes='],
  ['only commas', 'bytes=,,'],
  ['a word', 'bytes=all'],
  ['two ends missing', 'bytes=-'],
  ['an end before the beginning', 'bytes=5-2'],
  ['one good range and one that ends before it begins', 'bytes=0-1,5-2'],
  ['a sign', 'bytes=+1-2'],
  ['a fraction', 'bytes=1.5-2'],
  ['ranges that overlap', 'bytes=0-4,4-6'],
  ['the same range twice', 'bytes=0-1,0-1'],
  ['a range and a suffix that overlap', 'bytes=50-,-60'],
  ['one more range than there may be', `bytes=${each(most + 1)}`],
] as const)('%s is the whole', ([, header]) => {
  expect(parseByteRanges(header, 100)).toBe(null);
});

test.for([
  ['bytes=0-0', [[0, 0]]],
  ['BYTES=0-0', [[0, 0]]],
  [
    'bytes= 0-1 ,\t3-4 ,, ',
    [
      [0, 1],
      [3, 4],
    ],
  ],
  [
    'bytes=90-,0-9',
    [
      [90, 99],
      [0, 9],
    ],
  ],
  ['bytes=-1000', [[0, 99]]],
  ['bytes=0-99999999999999999999999999', [[0, 99]]],
  ['bytes=100-,5-6', [[5, 6]]],
  [`bytes=${each(most)}`, Array.from({ length: most }, (_, index) => [index * 2, index * 2])],
] as const)('%s is so many stretches', ([header, stretches]) => {
  const expected = stretches.map(([first, last]) => ({ first, last }));
  expect(parseByteRanges(header, 100)).toEqual(expected);
});

test.for(['bytes=100-', 'bytes=100-200', 'bytes=-0', 'bytes=200-,100-'])(
  'of %s there is no byte',
  (header) => {
    expect(parseByteRanges(header, 100)).toBe('unsatisfiable');
  },
);

/** The parts of a multipart/byteranges body, read as RFC 2046 has it. */
function partsOf(body: Buffer, contentType: string) {
  const [, boundary = ''] = /^multipart\/byteranges; boundary=(\S+)$/.exec(contentType) ?? [];
  const text = body.toString('latin1');
  const pieces = text.split(`\r\n--${boundary}`);
  expect(pieces[0]).toBe('');
  expect(pieces.at(-1)).toBe('--\r\n');
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(
      piece
        .slice(2, end)
        .split('\r\n')
        .map((line) => line.split(': ')),
    );
    return { headers, bytes: Buffer.from(piece.slice(end + 4), 'latin1') };
  });
}

test('several ranges come in parts, each with where it lies', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  await putFiles(api.store, [{ id: 'f', filename: 'f.txt', contents: '0123456789' }]);
  const response = await fetch(`${url}/files/f`, { headers: { range: 'bytes=8-,0-1,20-' } });
  const body = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(null);
  expect(response.headers.get('content-length')).toBe(String(body.length));
  expect(partsOf(body, response.headers.get('content-type') ?? '')).toEqual([
    {
      headers: { 'content-type': 'text/plain', 'content-range': 'bytes 8-9/10' },
      bytes: Buffer.from('89'),
    },
    {
      headers: { 'content-type': 'text/plain', 'content-range': 'bytes 0-1/10' },
      bytes: Buffer.from('01'),
    },
  ]);
});

/** Longer than three chunks, and ending in the middle of one. */
const contents = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 31) % 251));
const borders = [0, 1, 262_143, 262_144, 524_288, contents.length - 1, contents.length];
const offset = fc.oneof(fc.constantFrom(...borders), fc.nat(contents.length + 10));
const spec = fc.oneof(
  fc.tuple(offset, offset).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  offset.map((first) => `${first}-`),
  offset.map((count) => `-${count}`),
);

/** What RFC 9110 says of a range, by way of Buffer.subarray. */
function subarrayOf(range: string): Buffer {
  const [from = '', to = ''] = range.split('-');
  if (from === '') return contents.subarray(Math.max(0, contents.length - Number(to)));
  return contents.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
}

test('whatever ranges are asked for, exactly those bytes are sent', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  await putFiles(api.store, [{ id: 'f', filename: 'f', contents }]);
  await checkProperty(
    'byte ranges',
    fc.array(spec, { minLength: 1, maxLength: 4 }),
    150,
    async (specs) => {
      const response = await fetch(`${url}/files/f/1`, { headers: { range: `bytes=${specs}` } });
      const body = Buffer.from(await response.arrayBuffer());
      const wanted = specs.map(subarrayOf).filter((bytes) => bytes.length > 0);
      const type = response.headers.get('content-type') ?? '';
      if (wanted.length === 0) {
        expect(response.status).toBe(416);
        expect(response.headers.get('content-range')).toBe(`bytes */${contents.length}`);
      } else if (response.status === 200) {
        expect(wanted.length, 'one range is never the whole').toBeGreaterThan(1);
        expect(body.equals(contents)).toBe(true);
      } else if (type.startsWith('multipart/')) {
        const parts = partsOf(body, type).map(({ bytes }) => bytes);
        expect(parts.length).toBe(wanted.length);
        expect(parts.every((bytes, index) => bytes.equals(wanted[index] as Buffer))).toBe(true);
      } else {
        expect([response.status, wanted.length]).toEqual([206, 1]);
        expect(body.equals(wanted[0] as Buffer)).toBe(true);
      }
    },
  );
}, 120_000);

test('50 MB go out as a whole and in parts, and no faster than they are taken', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const large = Buffer.alloc(50_000_000);
  for (let at = 0; at < large.length; at += 4) large.writeUInt32LE(at, at);
  await putFiles(api.store, [{ id: 'f', filename: 'f', contents: large }]);
  const read = bytesReadFrom(api.store);
  const whole = await fetch(`${url}/files/f`);
  const chunks = whole.body?.[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let length = 0;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    // Whoever takes nothing for a while has the server wait, not fill its memory.
    if (length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
    expect(read.bytes - length).toBeLessThan(20_000_000);
    const { value } = next;
    expect(large.compare(value, 0, value.length, length, length + value.length)).toBe(0);
    length += value.length;
  }
  expect(length).toBe(large.length);
  const range = 'bytes=1000-1999,49000000-49999999';
  const some = await fetch(`${url}/files/f`, { headers: { range } });
  const body = Buffer.from(await some.arrayBuffer());
  const parts = partsOf(body, some.headers.get('content-type') ?? '');
  expect(parts[0]?.bytes.equals(large.subarray(1_000, 2_000))).toBe(true);
  expect(parts[1]?.bytes.equals(large.subarray(49_000_000, 50_000_000))).toBe(true);
}, 120_000);
