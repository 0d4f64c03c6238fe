/** What of an answer can be drawn: one number for each word, or for each moment. */
import { isNumber } from '../files/cells.ts';
import type { Table } from '../graphql/tables.ts';

interface Named {
  /** The columns. */
  readonly name: string;
  readonly value: string;
}

export interface Line extends Named {
  readonly kind: 'line';
  /** In the order of time; x is milliseconds since 1970. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Bars extends Named {
  readonly kind: 'bars';
  readonly points: readonly { readonly x: string; readonly y: number }[];
  /** How many rows there are beyond those. */
  readonly hidden: number;
}

const barsMost = 24;
const linePointsMin = 3;

/** @returns null where there is not exactly one column of texts or moments, and one of numbers to draw. */
export function courseOf({ columns, rows }: Table): Line | Bars | null {
  const values = indexesOf(columns, isNumber);
  const times = indexesOf(columns, (type) => /^(?:DATE|TIMESTAMP.*)$/.test(type));
  const texts = indexesOf(columns, (type) => /^(?:VARCHAR|BOOLEAN|ENUM\(.*\))$/.test(type));
  const [index] = [...times, ...texts];
  const [value] = values;
  if (index === undefined || value === undefined || times.length + texts.length !== 1) return null;
  const named = { name: columns[index]?.name ?? '', value: columns[value]?.name ?? '' };
  const points = rows
    .filter((row) => row[value] !== null && Number.isFinite(Number(row[value])))
    .map((row) => ({ x: row[index], y: Number(row[value]) }));
  if (points.length === 0) return null;
  const isLine = times.length === 1 && points.length >= linePointsMin;
  return isLine
    ? { kind: 'line', ...named, points: inTime(points) }
    : { kind: 'bars', ...named, ...firstOf(points) };
}

function indexesOf(columns: Table['columns'], isMeant: (type: string) => boolean): number[] {
  return columns.flatMap(({ type }, index) => (isMeant(type) ? [index] : []));
}

interface Point {
  readonly x: unknown;
  readonly y: number;
}

function inTime(points: readonly Point[]): Line['points'] {
  return points
    .map(({ x, y }) => ({ x: Date.parse(String(x)), y }))
    .filter(({ x }) => Number.isFinite(x))
    .sort((one, other) => one.x - other.x);
}

function firstOf(points: readonly Point[]): Pick<Bars, 'points' | 'hidden'> {
  return {
    points: points
      .slice(0, barsMost)
      .map(({ x, y }) => ({ x: x === null ? '(none)' : String(x), y })),
    hidden: Math.max(0, points.length - barsMost),
  };
}
