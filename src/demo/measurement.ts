/** What the demo finds out about a file by reading it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { count, list } from '../terminal/index.ts';
import type { DataFile } from './data-file.ts';

interface Table {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Columns that lack values, and in how many rows. */
  readonly gaps: readonly { readonly column: string; readonly rows: number }[];
  /** Rows that are equal to an earlier one. */
  readonly repeatedRows: number;
}

export interface Measurement {
  /** What the contents are, in one line. */
  readonly form: string;
  /** Null when the file is no table, or none that DuckDB reads. */
  readonly table: Table | null;
  /** The name of a larger file that holds every row of this one. */
  readonly heldBy: string | null;
}

/** Table functions of DuckDB, by file type. */
const readers: Readonly<Record<string, string>> = {
  csv: 'read_csv',
  tsv: 'read_csv',
  json: 'read_json',
  parquet: 'read_parquet',
};

/** Files that their descriptions call parts of another; measured before it is believed. */
const suspectedParts: Readonly<Record<string, string>> = {
  'flights-10k.json': 'flights-20k.json',
};

/** Measures files one after another; calls back after each. */
export async function measureFiles(
  files: readonly DataFile[],
  onMeasured: (file: DataFile) => void,
): Promise<Map<DataFile, Measurement>> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const measured = new Map<DataFile, Measurement>();
    for (const file of files) {
      measured.set(file, await measure(connection, file));
      onMeasured(file);
    }
    return measured;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function measure(connection: DuckDBConnection, file: DataFile): Promise<Measurement> {
  const reader = file.resource?.type === 'table' ? readers[file.filetype] : undefined;
  if (!reader) return { form: formOf(file), table: null, heldBy: null };
  const table = await measureTable(connection, reader, file.location);
  const width = count(table.columns.length, 'column');
  const form = `${count(table.rows, 'row')} of ${width}: ${list(table.columns)}`;
  const whole = suspectedParts[file.name];
  const held = whole && (await isPart(connection, reader, file.location, whole));
  return { form, table, heldBy: held ? whole : null };
}

async function measureTable(
  connection: DuckDBConnection,
  reader: string,
  location: string,
): Promise<Table> {
  const result = await connection.runAndReadAll(
    `with contents as materialized (from ${reader}($1))
     select count(*) as rows, (select count(*) from (select distinct * from contents)) as kept,
       count(columns(*))
     from contents`,
    [location],
  );
  const [rows = 0, kept = 0, ...filled] = (result.getRows()[0] ?? []).map(Number);
  const columns = await columnsOf(connection, reader, location);
  const gaps = columns
    .map((column, index) => ({ column, rows: rows - (filled[index] ?? 0) }))
    .filter((gap) => gap.rows > 0);
  return { rows, columns, gaps, repeatedRows: rows - kept };
}

async function columnsOf(
  connection: DuckDBConnection,
  reader: string,
  location: string,
): Promise<string[]> {
  const result = await connection.runAndReadAll(`from ${reader}($1) limit 0`, [location]);
  return result.columnNames();
}

/** Whether every row of the file, as often as it occurs, is in the file of that name beside it. */
async function isPart(
  connection: DuckDBConnection,
  reader: string,
  location: string,
  whole: string,
): Promise<boolean> {
  const values: DuckDBValue[] = [location, join(dirname(location), whole)];
  const result = await connection.runAndReadAll(
    `select count(*) from (from ${reader}($1) except all from ${reader}($2))`,
    values,
  );
  return Number(result.getRows()[0]?.[0]) === 0;
}

function formOf(file: DataFile): string {
  if (file.filetype === 'json') return formOfJson(JSON.parse(readFileSync(file.location, 'utf8')));
  if (file.filetype === 'png') return formOfPng(readFileSync(file.location));
  const fields = file.resource?.schema?.fields.map((field) => field.name);
  return fields ? `Columns, says datapackage.json: ${list(fields)}` : 'Contents not looked into';
}

function formOfJson(value: unknown): string {
  if (Array.isArray(value)) return `A JSON array of ${count(value.length, 'item')}`;
  return `A JSON object with ${list(Object.keys(value as object))}`;
}

/** Width and height are the first two numbers of a PNG's first chunk. */
function formOfPng(bytes: Buffer): string {
  return `A picture of ${bytes.readUInt32BE(16)} × ${bytes.readUInt32BE(20)} pixels`;
}
