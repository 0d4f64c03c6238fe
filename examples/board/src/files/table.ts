/** Tables out of files: CSV, TSV, and JSON that is a list of objects. */
import { parseDelimited } from './delimited.ts';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many rows there are; null where only a part of them was read. */
  readonly total: number | null;
}

/** How many rows are shown. */
const rowsShown = 200;

/**
 * @param whole whether the text is all of the file; of a part, the last line may be cut off.
 * @returns null when the text is no table.
 */
export function tableOf(text: string, filetype: string | null, whole: boolean): Table | null {
  if (filetype === 'csv' || filetype === 'tsv') {
    return delimited(text, filetype === 'csv' ? ',' : '\t', whole);
  }
  return filetype === 'json' && whole ? listed(text) : null;
}

function delimited(text: string, separator: string, whole: boolean): Table | null {
  const [columns, ...rows] = parseDelimited(text, separator, Number.POSITIVE_INFINITY);
  if (!columns) return null;
  return { columns, rows: rows.slice(0, rowsShown), total: whole ? rows.length : null };
}

function listed(text: string): Table | null {
  const list = parsed(text);
  if (!Array.isArray(list) || list.length === 0 || !list.every(isRecord)) return null;
  const shown = list.slice(0, rowsShown);
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const rows = shown.map((row) => columns.map((column) => cellOf(row[column])));
  return { columns, rows, total: list.length };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
