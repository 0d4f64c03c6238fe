/** The beginning of a table: a real, smaller state of the same file. */
import { readFileSync } from 'node:fs';
import type { Contents } from './change.ts';
import type { DataFile } from './data-file.ts';

/** A state of a file while it is taken in. */
export interface Stage {
  /** Which part of the file it is. */
  readonly what: string;
  readonly status: string;
  readonly contents: Contents;
}

/** Tables of more rows are first taken in with as many. */
const excerptRows = [10, 100];

/** The file types that an excerpt can be taken of. */
const excerptTypes: readonly string[] = ['csv', 'tsv', 'json'];

const newline = '\n'.charCodeAt(0);
const quote = '"'.charCodeAt(0);

/** The contents that a file has one after another; the last is the whole file. */
export function stagesOf(file: DataFile, rows: number): [Stage, ...Stage[]] {
  const excerpts = excerptTypes.includes(file.filetype)
    ? excerptRows.filter((some) => some < rows).map((some) => excerptOf(file, some))
    : [];
  const all = { what: 'all', status: 'whole', contents: () => readFileSync(file.location) };
  const [first, ...more] = excerpts;
  return first ? [first, ...more, all] : [all];
}

function excerptOf({ location, filetype }: DataFile, rows: number): Stage {
  return {
    what: `the first ${rows} rows`,
    status: 'excerpt',
    contents: () => firstRows(readFileSync(location), filetype, rows),
  };
}

/**
 * The first rows of a table.
 * @param contents a CSV or TSV file with a header, or a JSON array, of at least so many rows.
 * @returns the same bytes cut short; for JSON, the items formatted anew.
 */
function firstRows(contents: Buffer, filetype: string, rows: number): Uint8Array {
  if (filetype !== 'json') return firstLines(contents, rows + 1);
  const items = JSON.parse(contents.toString('utf8')) as unknown[];
  return Buffer.from(`${JSON.stringify(items.slice(0, rows), null, 2)}\n`);
}

/** A line break within quotes belongs to the value. */
function firstLines(contents: Buffer, lines: number): Uint8Array {
  let quoted = false;
  let left = lines;
  for (const [index, byte] of contents.entries()) {
    if (byte === quote) quoted = !quoted;
    else if (byte === newline && !quoted) left -= 1;
    if (left === 0) return contents.subarray(0, index + 1);
  }
  return contents;
}
