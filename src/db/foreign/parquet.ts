/**
 * Parquet, written and read by a DuckDB of its own that sees no more of the file system than the
 * directory in question. Rows pass as JSON, so that every format says the same of every kind of value.
 */
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { FieldKind } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';

const types: Readonly<Record<FieldKind, string>> = {
  id: 'varchar',
  text: 'varchar',
  int: 'integer',
  int64: 'bigint',
  float: 'double',
  boolean: 'boolean',
  dateTime: 'timestamptz',
  labels: 'varchar[]',
};

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
  await withDuckdb(dirname(target), async (connection) => {
    const typed = columns.map(({ name, kind }) => `${literal(name)}: '${types[kind]}'`);
    await connection.run(
      `copy (select * from read_json(${literal(source)}, format = 'newline_delimited',
         columns = {${typed.join(', ')}}, maximum_object_size = ${Math.max(lineBytesMax, objectBytesMin)}))
       to ${literal(target)} (format parquet, compression zstd)`,
    );
  });
}

/**
 * Reads a Parquet file in its order: some rows at a time, each a JSON object as text. Moments in it are
 * RFC 3339 texts.
 */
export async function* readParquet(path: string): AsyncGenerator<readonly string[], void> {
  yield* withDuckdbStream(dirname(path), async function* (connection) {
    const file = `read_parquet(${literal(path)})`;
    const described = await connection.runAndReadAll(`describe select * from ${file}`);
    const columns = described.getRowsJS().map(([name, type]) => {
      const column = identifier(String(name));
      if (!String(type).startsWith('TIMESTAMP')) return column;
      const micros = `make_timestamp(epoch_us(${column}))`;
      return `strftime(${micros}, '%Y-%m-%dT%H:%M:%S.%fZ') as ${column}`;
    });
    const rows = await connection.stream(
      `select to_json(row)::varchar from (select ${columns.join(', ')} from ${file}) as row`,
    );
    for await (const some of rows.yieldRowsJs()) yield some.map(([json]) => json as string);
  });
}

async function withDuckdb<T>(
  directory: string,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  for await (const value of withDuckdbStream(directory, async function* (connection) {
    yield await use(connection);
  })) {
    return value;
  }
  throw new TypeError('The work came to nothing.');
}

async function* withDuckdbStream<T>(
  directory: string,
  use: (connection: DuckDBConnection) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const allowed = resolve(directory);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${limits.transferMemoryMaxMb}MB`,
    // What several read is kept until it is in order again.
    threads: '1',
    // It streams: what does not fit is refused.
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      await connection.run(`set allowed_directories = [${literal(allowed)}]`);
      await connection.run('set enable_external_access = false');
      await connection.run('set lock_configuration = true');
      yield* use(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Paths and names of columns cannot be bound in what names a file and its columns. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
