/** The log as dkdc-state has it: one table of all versions in DuckDB, and nothing beside it. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  BIGINT,
  DuckDBDataChunk,
  DuckDBInstance,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import Database from 'better-sqlite3';
import { type Dataset, logName } from '../dataset.ts';

const chunkRows = 2_048;
const columns = {
  position: BIGINT,
  id: VARCHAR,
  revision: INTEGER,
  idx: BIGINT,
  user_id: VARCHAR,
  subject: VARCHAR,
  body: VARCHAR,
  priority: INTEGER,
  status: VARCHAR,
  description: VARCHAR,
  labels: LIST(VARCHAR),
};
type Cells = (string | number | null)[];

/** The file that holds it, beside the dataset; made when there is none. */
export async function prepareWindowLog(dataset: Dataset): Promise<string> {
  const file = `${dataset.directory}.window.duckdb`;
  if (existsSync(file)) return file;
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  const instance = await DuckDBInstance.create(unfinished);
  const connection = await instance.connect();
  const definitions = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  await connection.run(`create table todos (${definitions.join(', ')})`);
  const appender = await connection.createAppender('todos');
  for (const rows of readRows(dataset.directory)) {
    const chunk = DuckDBDataChunk.create(Object.values(columns));
    chunk.setRows(rows.map(valuesOf));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  await connection.run('checkpoint');
  connection.closeSync();
  instance.closeSync();
  renameSync(unfinished, file);
  return file;
}

function* readRows(directory: string): Generator<Cells[]> {
  const log = new Database(join(directory, logName), { readonly: true });
  try {
    const names = Object.keys(columns).join(', ');
    const all = log.prepare(`select ${names} from todos order by position`).raw().iterate();
    let rows: Cells[] = [];
    for (const row of all as IterableIterator<Cells>) {
      rows.push(row);
      if (rows.length < chunkRows) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  } finally {
    log.close();
  }
}

function valuesOf(cells: Cells) {
  return Object.entries(columns).map(([name, type], index) => {
    const cell = cells[index] as Cells[number];
    if (name === 'labels') return listValue(JSON.parse(String(cell)));
    return type === BIGINT ? BigInt(cell as number) : cell;
  });
}
