/** Parts of the board that can be told without a browser. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  foldersIn,
  ownersBelow,
  urlOfFile,
  urlOfZip,
  wayTo,
} from '../examples/board/src/files/folders.ts';
import { distinctCounts, widenedKey } from '../examples/board/src/files/key-guess.ts';
import { courseOf } from '../examples/board/src/sql/course.ts';
import { kinds, namedIn, namesFor } from '../examples/board/src/sql/table-names.ts';
import { fractionOf, placeAt, ticksOf, tickText } from '../examples/board/src/time/scale.ts';
import { positionsTo, unitOf } from '../examples/board/src/time/series.ts';
import { elsewhereOf } from '../examples/board/src/todos/counts.ts';
import { firstChoice } from '../examples/board/src/todos/filter.ts';
import { diffLines } from '../examples/board/src/todos/line-diff.ts';
import { parseFilePath } from '../src/resolvers/index.ts';

describe('folders', () => {
  const counts = [
    { path: null, userId: null, count: 1 },
    { path: 'a', userId: null, count: 2 },
    { path: 'a/b', userId: 'ada', count: 3 },
    { path: 'ab', userId: 'bob', count: 4 },
    { path: '/c', userId: null, count: 5 },
  ];

  test('are made of the paths of files', () => {
    expect(foldersIn(null, counts)).toEqual([
      { name: '', path: '', files: 5 },
      { name: 'a', path: 'a', files: 5 },
      { name: 'ab', path: 'ab', files: 4 },
    ]);
    expect(foldersIn('a', counts)).toEqual([{ name: 'b', path: 'a/b', files: 3 }]);
    expect(foldersIn('', counts)).toEqual([{ name: 'c', path: '/c', files: 5 }]);
    expect(foldersIn('a/b', counts)).toEqual([]);
    expect(ownersBelow('a', counts)).toEqual([null, 'ada']);
    expect(ownersBelow(null, counts)).toEqual([null, 'ada', 'bob']);
    expect(wayTo('/c').map(({ path }) => path)).toEqual(['', '/c']);
    expect(wayTo(null)).toEqual([]);
  });

  test('stand in URLs as the server reads them', () => {
    const names = fc.array(fc.constantFrom('a', '..', '.', '=', 'by-path', 'ä b', '%2F', '?', ''));
    fc.assert(
      fc.property(names, fc.constantFrom('x.csv', '..', '=..'), (parts, filename) => {
        const folder = parts.length > 0 ? parts.join('/') : null;
        const { pathname } = new URL(urlOfFile(folder, filename, { userId: null }), 'http://x');
        expect(parseFilePath(pathname)).toEqual({ kind: 'place', folder, filename });
        const zip = new URL(urlOfZip(folder, { userId: 'a&b', position: '7' }), 'http://x');
        expect(parseFilePath(zip.pathname)).toEqual({ kind: 'folder', folder });
        expect(zip.searchParams.get('user')).toBe('a&b');
      }),
    );
  });
});

test('tables have names that SQL takes, each another', () => {
  const file = (id: string, filename: string) =>
    ({ id, filename, filetype: null }) as Parameters<typeof namesFor>[0][number];
  const files = ['flights-2k.json', 'a b.csv', 'a-b.tsv', 'order.csv', '2026.csv', 'Zürich.csv']
    .concat('no.txt', 'todos.parquet', 'logs.csv.gz', `${'x'.repeat(99)}.csv`)
    .map((name) => file(name, name));
  const named = namesFor(files, kinds);
  expect(named.map(({ name }) => name)).toEqual([
    'flights_2k',
    'a_b',
    'a_b_2',
    't_order',
    't_2026',
    'Zu_rich',
    'todos_2',
    'logs',
    'x'.repeat(58),
  ]);
  const spoken = namedIn('SELECT * FROM A_B, todos WHERE logs_2 = 1', [...kinds, ...named]);
  expect(spoken.map(({ name }) => name)).toEqual(['todos', 'a_b']);
  // What has a name keeps it.
  const kept = [...kinds, { name: 'a_b', file: 'a-b.tsv' }];
  expect(namesFor(files.slice(1, 3), kept)).toEqual([
    { name: 'a_b_2', file: 'a b.csv' },
    { name: 'a_b', file: 'a-b.tsv' },
  ]);
});

test('the columns that name a row are few, and tell all of them apart', () => {
  const columns = ['price', 'name', 'country_id', 'id'].map((name) => ({ name, type: 'BIGINT' }));
  const key = (...distinct: number[]) => widenedKey(columns, [], [10, ...distinct]);
  expect(key(10, 10, 10, 10)).toEqual({ columns: ['id'], isUnique: true });
  expect(key(10, 9, 9, 9)).toEqual({ columns: ['price'], isUnique: true });
  expect(key(10, 10, 9, 9)).toEqual({ columns: ['name'], isUnique: true });
  expect(key(9, 9, 2, 1)).toEqual({ columns: ['id'], isUnique: false });
  expect(widenedKey(columns, ['id'], [10, 8, 10, 7, 1])).toEqual({
    columns: ['id', 'name'],
    isUnique: true,
  });
  expect(widenedKey(columns, [], [])).toMatchObject({ columns: ['id'] });
  expect(widenedKey([], [], [])).toEqual({ columns: [], isUnique: true });
  expect(distinctCounts([{ name: 'a"b', type: 'BIGINT' }], ['c'])).toBe(
    'select count(*), count(distinct ("c", "a""b")) from t',
  );
});

describe('an answer is drawn', () => {
  const answer = (types: string[], ...rows: unknown[][]) =>
    courseOf({
      columns: types.map((type) => ({ name: type, type })),
      rows,
      totalRows: rows.length,
    });

  test('as bars where it has a number for each word', () => {
    expect(answer(['VARCHAR', 'DECIMAL(5,2)'], ['a', 1.5], [null, '2'], ['c', null])).toEqual({
      kind: 'bars',
      name: 'VARCHAR',
      value: 'DECIMAL(5,2)',
      points: [
        { x: 'a', y: 1.5 },
        { x: '(none)', y: 2 },
      ],
      hidden: 0,
    });
    const many = answer(['HUGEINT', 'VARCHAR'], ...Array.from({ length: 30 }, (_, n) => [n, 'x']));
    expect(many).toMatchObject({ kind: 'bars', hidden: 6 });
  });

  test('as a line in the order of time where it has one for each moment', () => {
    const days = [3, 1, 2].map((day) => [`2026-01-0${day}`, day]);
    const line = answer(['DATE', 'BIGINT'], ...days);
    expect(line).toMatchObject({ kind: 'line', points: [{ y: 1 }, { y: 2 }, { y: 3 }] });
    expect(answer(['DATE', 'BIGINT'], ...days.slice(1))).toMatchObject({ kind: 'bars' });
  });

  test('and not where it has neither', () => {
    expect(answer(['VARCHAR', 'VARCHAR'], ['a', 'b'])).toBeNull();
    expect(answer(['VARCHAR', 'DATE', 'BIGINT'], ['a', 'b', 1])).toBeNull();
    expect(answer(['BIGINT', 'BIGINT[]'], [1, [2]])).toBeNull();
    expect(answer(['VARCHAR', 'DOUBLE'])).toBeNull();
    expect(answer(['VARCHAR', 'DOUBLE'], ['a', 'NaN'])).toBeNull();
  });
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
