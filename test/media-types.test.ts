/** What Content-Type, Accept and the tags in requests say, by the forms that RFC 9110 has. */
import { describe, expect, test } from 'vitest';
import { parseMediaType, preferred } from '../src/http/server/media-types.ts';
import { isHeld, isRangeWanted } from '../src/http/server/preconditions.ts';

describe('a media type', () => {
  test.each([
    ['application/json', 'application/json', {}],
    ['Application/JSON', 'application/json', {}],
    ['application/json ; charset=utf-8', 'application/json', { charset: 'utf-8' }],
    ['application/json;;CHARSET="utf-8";', 'application/json', { charset: 'utf-8' }],
    ['a/b; c="d;e,\\"f\\\\"; g=h', 'a/b', { c: 'd;e,"f\\', g: 'h' }],
  ])('%s is read', (header, type, parameters) => {
    const media = parseMediaType(header);
    expect(media?.type).toBe(type);
    expect(Object.fromEntries(media?.parameters ?? [])).toEqual(parameters);
  });

  test.each([
    '',
    'json',
    'application/',
    'a/b/c',
    'a b/c',
    'a/b, c/d',
    'a/b; c',
    'a/b; c = d',
    'a/b; c="d',
    'a/b; c=d; C=e',
  ])('%j is none', (header) => {
    expect(parseMediaType(header)).toBeNull();
  });

  test('is read in no time, however it is quoted', () => {
    for (const sign of ['"', '\\', '"\\', ';', 'a="', ',']) {
      expect(parseMediaType(`a/b;c=${sign.repeat(15_000)}`)).toBeNull();
      expect(preferred(sign.repeat(15_000), ['a/b'])).toBeNull();
    }
  });
});

describe('of what is offered', () => {
  const offered = ['a/json', 'a/other'];
  test.each([
    [null, 'a/json'],
    ['', 'a/json'],
    ['*/*', 'a/json'],
    ['a/*', 'a/json'],
    ['a/other', 'a/other'],
    ['A/Other', 'a/other'],
    ['a/other, a/json', 'a/other'],
    ['a/other, */*', 'a/other'],
    ['a/other;q=0.5, a/json;q=0.4', 'a/other'],
    ['a/other;q=0.4, a/json;q=0.5', 'a/json'],
    ['a/json;q=0, */*', 'a/other'],
    ['a/json;q=0, a/other', 'a/other'],
    ['a/json;x="a/other, */*";q=0, a/other;q=0.1', 'a/other'],
    ['a/json;charset=utf-16, a/other;charset=UTF-8', 'a/other'],
    ['a/json;q=2, a/other;q=0.001', 'a/other'],
    ['*/*;q=0', null],
    ['a/json;q=0', null],
    ['text/html', null],
    ['a', null],
  ])('%j wants %s', (accept, type) => {
    expect(preferred(accept, offered)?.type ?? null).toBe(type);
  });
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"x,y", W/"z" ,"a"', true],
  [' * ', true],
  ['"b"', false],
  ['a', false],
  ['"A"', false],
  ['"x\\", "a"', true],
  ['', false],
  [null, false],
])('If-None-Match: %j tells that "a" is there: %s', (header, held) => {
  expect(isHeld(header, '"a"')).toBe(held);
});

test.each([
  [null, true],
  ['"a"', true],
  ['W/"a"', false],
  ['"b"', false],
  ['Sat, 01 Jan 2028 00:00:00 GMT', true],
  ['Sat, 01 Jan 2028 00:00:01 GMT', false],
  ['2028-01-01T00:00:00Z', false],
])('If-Range: %j heeds the range: %s', (header, wanted) => {
  const validators = { etag: '"a"', lastModifiedMs: Date.UTC(2028, 0, 1) };
  expect(isRangeWanted(header, validators)).toBe(wanted);
});
