/** Reading files of rows, whatever their format: some rows at a time, in order. */
import { isAscii, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse';
import { limits, readParquet } from '../db/index.ts';
import type { Format } from './formats.ts';
import { Refused } from './refused.ts';

/** A row as it stands in its file: what it says by the names of columns. */
export interface SourceRow {
  /** Where it stands, for messages: `Todo.csv, row 3`. */
  readonly origin: string;
  readonly cells: Readonly<Record<string, unknown>>;
}

/** Rows that are handed out together. */
const rowsAtATime = 1_024;

/**
 * The rows of a file. Of NDJSON and Parquet cells are JSON values, of CSV they are texts, and null where
 * nothing stands, not even an empty pair of quotes.
 * @throws Refused for what is no such file.
 */
export async function* readRows(path: string, format: Format): AsyncGenerator<SourceRow[], void> {
  const name = basename(path);
  const noun = format === 'ndjson' ? 'line' : 'row';
  let number = 0;
  for await (const some of readers[format](path)) {
    yield some.map((row) => {
      number += 1;
      const origin = `${name}, ${noun} ${number}`;
      return { origin, cells: typeof row === 'string' ? parseObject(row, origin) : row };
    });
  }
}

/** A row: its JSON, or its cells. */
type ReadRow = string | SourceRow['cells'];

const readers: Readonly<Record<Format, (path: string) => AsyncGenerator<readonly ReadRow[]>>> = {
  parquet: readParquetRows,
  csv: readCsvRows,
  ndjson: readLines,
};

async function* readParquetRows(path: string): AsyncGenerator<readonly string[]> {
  try {
    yield* readParquet(path);
  } catch (error) {
    // DuckDB tells by its message alone what it is that it cannot read.
    if (!/Invalid Input|Parquet|IO Error/.test((error as Error).message)) throw error;
    throw unreadable(path, (error as Error).message.split('\n')[0] ?? '');
  }
}

async function* readLines(path: string): AsyncGenerator<string[]> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : (piece as Buffer);
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (bytes.length - end > limits.importedRowBytesMax) {
      throw unreadable(path, `a line is longer than ${limits.importedRowBytesMax} bytes`);
    }
    yield linesOf(bytes.subarray(0, end), path);
    rest = bytes.subarray(end);
  }
  if (rest.length > 0) yield linesOf(Buffer.concat([rest, Buffer.of(lineFeed)]), path);
}

const lineFeed = 0x0a;

/** Lines that each end with a line feed, made one by one: as parts of one text they would be copied twice. */
function linesOf(bytes: Buffer, path: string): string[] {
  const encoding = isAscii(bytes) ? 'latin1' : 'utf8';
  if (encoding === 'utf8' && !isUtf8(bytes)) throw unreadable(path, 'it is not UTF-8');
  const lines: string[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const end = bytes.indexOf(lineFeed, begin);
    lines.push(bytes.toString(encoding, begin, end));
    begin = end + 1;
  }
  return lines;
}

function parseObject(line: string, origin: string): SourceRow['cells'] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Refused(
      'BAD_ROWS',
      `${origin}: must be JSON, but is not: ${(error as Error).message}.`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as SourceRow['cells'];
  }
  throw new Refused('BAD_ROWS', `${origin}: must be a JSON object, but is not.`);
}

async function* readCsvRows(path: string): AsyncGenerator<SourceRow['cells'][]> {
  const file = createReadStream(path);
  const parser = parse({
    bom: true,
    max_record_size: limits.importedRowBytesMax,
    cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
  });
  file.once('error', (error) => parser.destroy(error));
  let names: readonly string[] | null = null;
  let some: SourceRow['cells'][] = [];
  try {
    for await (const record of file.pipe(parser) as AsyncIterable<(string | null)[]>) {
      if (!names) {
        names = headOf(record, path);
        continue;
      }
      some.push(Object.fromEntries(names.map((name, place) => [name, record[place] ?? null])));
      if (some.length < rowsAtATime) continue;
      yield some;
      some = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw unreadable(path, error.message);
  } finally {
    file.destroy();
  }
  yield some;
}

function headOf(record: readonly (string | null)[], path: string): readonly string[] {
  const names = record.map((name) => name ?? '');
  const twice = names.find((name, place) => name === '' || names.indexOf(name) !== place);
  if (twice === undefined) return names;
  throw unreadable(
    path,
    `its first row must name each column once, but has ${JSON.stringify(twice)}`,
  );
}

function unreadable(path: string, why: string): Refused {
  return new Refused('BAD_ROWS', `${basename(path)} cannot be read: ${why}.`);
}
