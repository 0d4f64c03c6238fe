/** Where contents are cut: by what they hold, whatever comes before, and however they come. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chunker, chunkSizes, chunksOf } from '../src/db/log/contents/chunker.ts';
import { checkProperty } from './support/property.ts';

/** Bytes at random that are the same each time. */
function noise(length: number, name = ''): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, number) =>
    createHash('sha256').update(`${name}${number}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

const lengthsOf = (bytes: Uint8Array) => [...chunksOf(bytes)].map(({ length }) => length);
const mebibyte = noise(1024 * 1024);

test('the same bytes are cut where they were cut before: other cuts store all of them again', () => {
  expect(lengthsOf(mebibyte)).toEqual([
    58_379, 76_793, 65_870, 84_640, 18_080, 79_355, 67_085, 74_145, 74_816, 91_437, 73_757, 67_365,
    86_372, 65_548, 64_934,
  ]);
  expect(lengthsOf(Buffer.alloc(600_000))).toEqual([262_144, 262_144, 75_712]);
});

test('chunks are neither too small nor too large, and near the usual size', () => {
  const lengths = lengthsOf(noise(16 * 1024 * 1024));
  for (const length of lengths.slice(0, -1)) {
    expect(length).toBeGreaterThanOrEqual(chunkSizes.min);
    expect(length).toBeLessThanOrEqual(chunkSizes.max);
  }
  const mean = (16 * 1024 * 1024) / lengths.length;
  expect(mean / chunkSizes.usual).toBeGreaterThan(0.8);
  expect(mean / chunkSizes.usual).toBeLessThan(1.25);
});

test('however bytes come, the chunks are the same, and hold all of them', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 });
  await checkProperty('chunks', sizes, 60, async (lengths) => {
    const chunker = new Chunker();
    const chunks: Buffer[] = [];
    const keep = (from: Iterable<Uint8Array>) => {
      for (const chunk of from) chunks.push(Buffer.from(chunk));
    };
    let end = 0;
    for (const length of lengths) {
      // The memory is used again, as that of sockets is.
      const piece = Buffer.from(mebibyte.subarray(end, end + length));
      keep(chunker.push(piece));
      piece.fill(0);
      end = Math.min(end + length, mebibyte.length);
    }
    keep(chunker.end());
    const all = mebibyte.subarray(0, end);
    expect(chunks.map(({ length }) => length)).toEqual(lengthsOf(all));
    expect(Buffer.concat(chunks).equals(all)).toBe(true);
  });
});

test('a small change makes few chunks that were not there before', async () => {
  const bytes = noise(8 * 1024 * 1024);
  const digests = (of: Uint8Array) =>
    [...chunksOf(of)].map((chunk) => createHash('sha256').update(chunk).digest('hex'));
  const known = new Set(digests(bytes));
  const change = fc.record({
    begin: fc.integer({ min: 0, max: bytes.length }),
    removed: fc.nat(200),
    added: fc.nat(200),
  });
  await checkProperty('changes', change, 20, async ({ begin, removed, added }) => {
    const changed = Buffer.concat([
      bytes.subarray(0, begin),
      noise(added, 'added'),
      bytes.subarray(begin + removed),
    ]);
    const fresh = digests(changed).filter((digest) => !known.has(digest));
    expect(fresh.length).toBeLessThanOrEqual(6);
  });
});
