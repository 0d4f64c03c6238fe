/** Large answers as JSON in pieces: the same text, and no piece that is large. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSmall, jsonPieces } from '../src/http/graphql/json-pieces.ts';
import { checkProperty } from './support/property.ts';

test('the pieces are what JSON.stringify makes, whatever the value', async () => {
  const input = fc.tuple(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 3_000 }));
  await checkProperty('json pieces', input, 100, async ([value, times]) => {
    const large = { value, list: Array.from({ length: times }, () => value), none: undefined };
    for (const each of [value, large, [large, value]]) {
      expect([...jsonPieces(each)].join('')).toBe(JSON.stringify(each));
    }
  });
});

test('empty lists and objects, undefined and nulls among many are written as JSON has them', () => {
  const value = {
    lists: Array.from({ length: 3_000 }, () => []),
    objects: Array.from({ length: 3_000 }, () => ({})),
    gaps: [undefined, null, ...Array.from({ length: 3_000 }, () => ({ left: undefined }))],
    '': 'x'.repeat(200_000),
  };
  expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value));
});

test('no piece is longer than its values make it, but for a single long text', () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ index, text: 'word '.repeat(20) }));
  const pieces = [...jsonPieces({ rows, all: { rows: { rows } } })];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000);
  const texts = Object.fromEntries(rows.map(({ index }) => [`text${index}`, 'x'.repeat(1_000)]));
  expect(Math.max(...[...jsonPieces(texts)].map(({ length }) => length))).toBeLessThan(200_000);
});

test('what is small is told without looking at all of what is large', () => {
  expect(isSmall({ a: [1, 2, 3] })).toBe(true);
  expect(isSmall(Array.from({ length: 10_000 }, () => 0))).toBe(false);
  expect(isSmall({ text: 'x'.repeat(1_000_000) })).toBe(false);
});
