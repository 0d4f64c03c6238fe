/** Parts of the board that can be told without a browser. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDelimited } from '../examples/board/src/files/delimited.ts';
import { tableOf } from '../examples/board/src/files/table.ts';
import { filesIn, treeOf } from '../examples/board/src/files/tree.ts';
import { fractionOf, placeAt, ticksOf, tickText } from '../examples/board/src/time/scale.ts';
import { positionsTo, unitOf } from '../examples/board/src/time/series.ts';
import { elsewhereOf } from '../examples/board/src/todos/counts.ts';
import { firstChoice } from '../examples/board/src/todos/filter.ts';
import { diffLines } from '../examples/board/src/todos/line-diff.ts';

const all = Number.POSITIVE_INFINITY;

describe('values separated by commas', () => {
  test.each([
    [
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['"a,b","c\r\nd"\n', [['a,b', 'c\r\nd']]],
    ['"say ""yes""",""\n', [['say "yes"', '']]],
    [
      'a,\n,b',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['a,', [['a', '']]],
    ['\uFEFFa,b', [['a', 'b']]],
    ['"not closed,b', [['not closed,b']]],
    ['a"b,c', [['a"b', 'c']]],
    ['a\n\nb', [['a'], [''], ['b']]],
    ['', []],
  ])('%j', (text, rows) => {
    expect(parseDelimited(text, ',', all)).toEqual(rows);
  });

  test('whatever is written as RFC 4180 has it is read as it was', () => {
    const rows = fc.array(
      fc.array(fc.string({ unit: fc.constantFrom(...'a,"\r\n\té ') }), { minLength: 1 }),
      { minLength: 1 },
    );
    const written = (values: string[][]) =>
      values.map((row) => row.map((it) => `"${it.replaceAll('"', '""')}"`).join(',')).join('\r\n');
    fc.assert(
      fc.property(rows, (values) => {
        expect(parseDelimited(written(values), ',', all)).toEqual(values);
      }),
    );
  });

  test('no more rows are read than are asked for', () => {
    expect(parseDelimited('a\nb\nc', ',', 2)).toEqual([['a'], ['b']]);
    expect(parseDelimited('a\tb,c', '\t', all)).toEqual([['a', 'b,c']]);
  });
});

test('lists of objects are tables, other JSON is not', () => {
  expect(tableOf('[{"a":1,"b":null},{"a":"x","c":[2]}]', 'json', true)).toEqual({
    columns: ['a', 'b', 'c'],
    rows: [
      ['1', '', ''],
      ['x', '', '[2]'],
    ],
    total: 2,
  });
  for (const text of ['{"a":1}', '[1]', '[]', '[{"a":', 'null']) {
    expect(tableOf(text, 'json', true)).toBeNull();
  }
  expect(tableOf('[{"a":1}]', 'json', false)).toBeNull();
  expect(tableOf('a,b\n1,2\n', 'csv', false)).toMatchObject({ rows: [['1', '2']], total: null });
});

test('files stand in their folders', () => {
  const file = (path: string | null, filename: string) =>
    ({ id: filename, path, filename }) as Parameters<typeof treeOf>[0][number];
  const tree = treeOf([file(null, 'x'), file('a', 'y'), file('a/b', 'z')]);
  expect(tree.files.map(({ filename }) => filename)).toEqual(['x']);
  expect(tree.folders.map(({ path }) => path)).toEqual(['a']);
  expect(tree.folders[0]?.folders.map(({ path }) => path)).toEqual(['a/b']);
  expect(filesIn(tree)).toBe(3);
});

describe('a difference of texts', () => {
  const kept = (kind: string) => (lines: ReturnType<typeof diffLines>) =>
    lines.filter((line) => line.kind === 'same' || line.kind === kind).map(({ text }) => text);

  test('keeps what both have in common', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc').map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'same a',
      'removed b',
      'added x',
      'same c',
    ]);
  });

  test('holds both texts whole', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', ' '), { minLength: 1 })
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        expect(kept('removed')(lines).join('\n')).toBe(before);
        expect(kept('added')(lines).join('\n')).toBe(after);
      }),
    );
  });
});

describe('the scale of chart and slider', () => {
  test('leads from a place to its fraction and back', () => {
    const scale = fc
      .tuple(fc.nat(), fc.integer({ min: 1 }), fc.nat(1_000))
      .map(([from, length, part]) => ({ from, to: from + length, fraction: part / 1_000 }));
    fc.assert(
      fc.property(scale, ({ from, to, fraction }) => {
        const axis = { axis: 'time', from, to } as const;
        expect(fractionOf(axis, placeAt(axis, fraction))).toBeCloseTo(fraction, 6);
      }),
    );
    expect(fractionOf({ axis: 'changes', from: 0, to: 0 }, 0)).toBe(1);
    expect(fractionOf({ axis: 'changes', from: 0, to: 8 }, 9)).toBe(1);
  });

  test('has a few numbers, within its ends, in one distance', () => {
    for (const to of [1, 7, 8, 9, 81, 1_054, 12_345_678]) {
      const ticks = ticksOf({ axis: 'changes', from: 0, to });
      expect(ticks[0]).toBe(0);
      expect(ticks.at(-1)).toBeLessThanOrEqual(to);
      expect(ticks.length).toBeLessThanOrEqual(11);
    }
    expect(tickText({ axis: 'changes', from: 0, to: 8_000 }, 2_000)).toBe('2,000');
  });

  test('has the round moments of the calendar', () => {
    const from = new Date(2026, 9, 1, 10, 20).getTime();
    const until = (...to: [number, number, number, number?, number?]) => ({
      axis: 'time' as const,
      from,
      to: new Date(...to).getTime(),
    });
    const texts = (scale: ReturnType<typeof until>) =>
      ticksOf(scale).map((tick) => tickText(scale, tick));
    expect(texts(until(2026, 9, 1, 10, 58))).toEqual([
      '10:20',
      '10:25',
      '10:30',
      '10:35',
      '10:40',
      '10:45',
      '10:50',
      '10:55',
    ]);
    expect(texts(until(2026, 9, 2, 4))).toEqual([
      '12:00',
      '15:00',
      '18:00',
      '21:00',
      'Oct 2',
      '03:00',
    ]);
    expect(texts(until(2026, 9, 30))).toEqual(['Oct 8', 'Oct 15', 'Oct 22', 'Oct 29']);
    expect(texts(until(2027, 9, 2))[0]).toBe('Jan 2027');
    expect(texts(until(2066, 0, 1)).length).toBeLessThanOrEqual(11);
  });
});

test('what is not shown is elsewhere: by status, or deleted', () => {
  const byStatus = [
    { status: 'open', count: 2 },
    { status: 'done', count: 3 },
    { status: null, count: 1 },
  ];
  const names = (choice: Partial<typeof firstChoice>) =>
    elsewhereOf({ ...firstChoice, ...choice }, { byStatus, deleted: 4 }).map(
      ({ name, count }) => `${count} ${name}`,
    );
  expect(names({})).toEqual(['3 in done', '4 deleted']);
  expect(names({ status: 'done' })).toEqual(['2 in open', '1 without a status', '4 deleted']);
  expect(names({ status: 'all' })).toEqual(['4 deleted']);
  expect(names({ deleted: true })).toEqual(['6 not deleted']);
});

describe('the chart', () => {
  test('takes the largest unit that has a course to show', () => {
    const hour = 3_600_000;
    expect(unitOf(0, 10 * 60_000)).toBeNull();
    expect(unitOf(0, hour)).toBe('MINUTE');
    expect(unitOf(0, 30 * hour)).toBe('HOUR');
    expect(unitOf(0, 60 * 24 * hour)).toBe('DAY');
    expect(unitOf(0, 400 * 24 * hour)).toBe('WEEK');
    expect(unitOf(0, 3_000 * 24 * hour)).toBe('MONTH');
  });

  test('counts at some dozens of positions, from nothing to the head', () => {
    for (const head of [1, 7, 60, 61, 1_054, 999_999, 12_345_678]) {
      const positions = positionsTo(head);
      expect(positions[0]).toBe(0);
      expect(positions.at(-1)).toBeLessThan(head);
      expect(positions.length).toBeLessThanOrEqual(61);
      expect(new Set(positions).size).toBe(positions.length);
    }
  });
});
