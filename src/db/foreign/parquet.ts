/**
 * Parquet, written and read by a DuckDB of its own that sees no more of the file system than the
 * directory in question. Rows pass as JSON, so that every format says the same of every kind of value.
 */
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { FieldKind } from '../../entities/index.ts';
import { lockStatements, withoutExtensions } from '../shared/duckdb-lock.ts';
import { duckdbTypes } from '../shared/duckdb-types.ts';
import { limits } from '../shared/limits.ts';
import { quotedName, quotedText } from '../shared/sql-text.ts';

/** Less than its default only makes DuckDB slower. */
const objectBytesMin = 1024 * 1024;

/** A column of a file, and what it holds. */
export interface ParquetColumn {
  readonly name: string;
  readonly kind: FieldKind;
}

/**
 * Makes a Parquet file of a file of JSON, an object a line, in its order.
 * @param source moments in it are RFC 3339 texts.
 * @param lineBytesMax its longest line, in bytes: DuckDB has memory for many of them.
 */
export async function writeParquet(
  source: string,
  target: string,
  columns: readonly ParquetColumn[],
  lineBytesMax: number,
): Promise<void> {
  const { connection, close } = await openIn(dirname(target));
  try {
    const typed = columns.map(({ name, kind }) => `${quotedText(name)}: '${duckdbTypes[kind]}'`);
    await connection.run(
      `copy (select * from read_json(${quotedText(source)}, format = 'newline_delimited',
         columns = {${typed.join(', ')}}, maximum_object_size = ${Math.max(lineBytesMax, objectBytesMin)}))
       to ${quotedText(target)} (format parquet, compression zstd)`,
    );
  } finally {
    close();
  }
}

/**
 * Reads a Parquet file in its order: some rows at a time, each a JSON object as text. Moments in it are
 * RFC 3339 texts.
 */
export async function* readParquet(path: string): AsyncGenerator<readonly string[], void> {
  const { connection, close } = await openIn(dirname(path));
  try {
    const file = `read_parquet(${quotedText(path)})`;
    const described = await connection.runAndReadAll(`describe select * from ${file}`);
    const columns = described.getRowsJS().map(([name, type]) => {
      const column = quotedName(String(name));
      if (!String(type).startsWith('TIMESTAMP')) return column;
      const micros = `make_timestamp(epoch_us(${column}))`;
      return `strftime(${micros}, '%Y-%m-%dT%H:%M:%S.%fZ') as ${column}`;
    });
    const rows = await connection.stream(
      `select to_json(row)::varchar from (select ${columns.join(', ')} from ${file}) as row`,
    );
    for await (const some of rows.yieldRowsJs()) yield some.map(([json]) => json as string);
  } finally {
    close();
  }
}

interface OpenDuckdb {
  readonly connection: DuckDBConnection;
  readonly close: () => void;
}

/** Opens one that sees a directory alone. */
async function openIn(directory: string): Promise<OpenDuckdb> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${limits.transferMemoryMaxMb}MB`,
    // What several read is kept until it is in order again.
    threads: '1',
    // It streams: what does not fit is refused.
    temp_directory: '',
    ...withoutExtensions,
  });
  try {
    const connection = await instance.connect();
    for (const statement of lockStatements({ directories: [resolve(directory)] })) {
      await connection.run(statement);
    }
    const close = () => {
      connection.closeSync();
      instance.closeSync();
    };
    return { connection, close };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}
