/** What stands in a cell, as a value of a kind of field. */
import { type FieldKind, parseDateTime } from '../entities/index.ts';

/** A cell that holds no value of its kind; the message ends a sentence. */
export class BadCell extends Error {}

/**
 * The value of a cell. Whether it may be in its field is not looked at; what comes as JSON may be of any
 * kind still.
 * @param isText whether the cell holds text for every kind, as in CSV.
 * @throws BadCell
 */
export function cellValue(kind: FieldKind, cell: unknown, isText: boolean): unknown {
  if (cell === null || cell === undefined) return null;
  if (kind === 'dateTime') return moment(cell);
  return isText ? (ofText[kind]?.(cell as string) ?? cell) : cell;
}

const ofText: Partial<Record<FieldKind, (cell: string) => unknown>> = {
  int: integer,
  int64: integer,
  float: number,
  boolean: (cell) => {
    if (cell === 'true' || cell === 'false') return cell === 'true';
    return wrong('true or false', cell);
  },
  labels: (cell) => {
    try {
      return JSON.parse(cell) as unknown;
    } catch {
      return wrong('a list of texts as JSON, such as ["a", "b"]', cell);
    }
  },
};

function integer(cell: string): number {
  return /^[+-]?\d+$/.test(cell) ? Number(cell) : wrong('a whole number', cell);
}

function number(cell: string): number {
  const value = Number(cell);
  return cell.trim() === cell && cell !== '' && Number.isFinite(value)
    ? value
    : wrong('a number', cell);
}

function moment(cell: unknown): number {
  const expected = 'RFC 3339 text with date, time and zone, such as "2026-11-23T01:02:03.000004Z"';
  return (typeof cell === 'string' ? parseDateTime(cell) : null) ?? wrong(expected, cell);
}

function wrong(expected: string, cell: unknown): never {
  const shown = (JSON.stringify(cell) ?? String(cell)).slice(0, 80);
  throw new BadCell(`must be ${expected}, but was ${shown}.`);
}
