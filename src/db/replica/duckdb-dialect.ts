/**
 * Kysely over DuckDB, for reading: queries are composed with types and their values bound. DuckDB
 * speaks PostgreSQL's dialect, so its compiler serves; the driver hands out pooled connections.
 */
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  JSDuckDBValueConverter,
} from '@duckdb/node-api';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type RawBuilder,
} from 'kysely';
import { limits } from '../shared/limits.ts';
import { tookTooLong } from '../shared/query-time.ts';
import { turns } from '../shared/turns.ts';

type Connect = () => Promise<DuckDBConnection>;

/** A dialect whose queries run on `connectionsMax` connections, which it makes. */
export function duckdbDialect(connect: Connect, connectionsMax: number): Dialect {
  return dialectOver(() => new DuckdbDriver(connect, connectionsMax));
}

function dialectOver(createDriver: () => Driver): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** Kysely that writes queries and runs none: for connections that are not its own. */
const writer = new Kysely<never>({ dialect: dialectOver(() => new DummyDriver()) });

/** Runs a statement on a connection that its caller has for itself. @throws what DuckDB throws. */
export async function runOn(
  connection: DuckDBConnection,
  text: RawBuilder<unknown>,
): Promise<void> {
  const { sql, parameters } = text.compile(writer);
  const statement = await connection.prepare(sql);
  try {
    bindAll(statement, parameters);
    await statement.run();
  } finally {
    statement.destroySync();
  }
}

class DuckdbDriver implements Driver {
  readonly #connect: Connect;
  readonly #connectionsMax: number;
  readonly #idle: DuckdbConnection[] = [];
  readonly #waiting: ((connection: DuckdbConnection) => void)[] = [];
  readonly #open = new Set<DuckdbConnection>();

  constructor(connect: Connect, connectionsMax: number) {
    this.#connect = connect;
    this.#connectionsMax = connectionsMax;
  }

  async init(): Promise<void> {
    for (let count = 0; count < this.#connectionsMax; count += 1) {
      const connection = new DuckdbConnection(await this.#connect());
      this.#open.add(connection);
      this.#idle.push(connection);
    }
  }

  acquireConnection(): Promise<DatabaseConnection> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const next = this.#waiting.shift();
    if (next) next(connection as DuckdbConnection);
    else this.#idle.push(connection as DuckdbConnection);
  }

  /** Waits for the queries under way: DuckDB must not lose a connection that it works on. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#open].map(() => this.acquireConnection()));
    for (const connection of this.#open) connection.close();
  }

  beginTransaction = refuseTransaction;
  commitTransaction = refuseTransaction;
  rollbackTransaction = refuseTransaction;
}

function refuseTransaction(): Promise<void> {
  throw new TypeError(
    'The replica’s Kysely only reads: a snapshot is a predicate, not a transaction.',
  );
}

class DuckdbConnection implements DatabaseConnection {
  readonly #connection: DuckDBConnection;
  readonly #statements = new Map<string, DuckDBPreparedStatement>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** @throws Unavailable when the query takes longer than limits.queryTimeMaxMs. */
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    let tooSlow = false;
    const timer = setTimeout(() => {
      tooSlow = true;
      this.#connection.interrupt();
    }, limits.queryTimeMaxMs);
    try {
      return { rows: (await rowsOf(await this.#run(query))) as Row[] };
    } catch (error) {
      if (!tooSlow) throw error;
      throw tookTooLong(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Of a statement without parameters DuckDB makes the plan when it is prepared, from what the tables
   * held then: a condition that held for all rows is left out of it, and a table that was empty is not
   * read. So it is planned and run in one call, with no commit in between. The others are planned
   * when they run.
   */
  async #run({ sql: text, parameters }: CompiledQuery): Promise<DuckDBMaterializedResult> {
    if (parameters.length === 0) return await this.#connection.run(text);
    const statement = await this.#prepared(text);
    bindAll(statement, parameters);
    return await statement.run();
  }

  /**
   * The statement of a query text. Preparing takes several trips to DuckDB's threads, and on a busy
   * event loop each trip waits its turn: that, not DuckDB, was most of a small query's latency.
   */
  async #prepared(text: string): Promise<DuckDBPreparedStatement> {
    const known = this.#statements.get(text);
    if (known) return known;
    const [oldest] = this.#statements;
    if (oldest && this.#statements.size >= limits.preparedStatementsMax) {
      this.#statements.delete(oldest[0]);
      oldest[1].destroySync();
    }
    const statement = await this.#connection.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** Rows as DuckDB makes them, up to 2,048 at a time. @throws as executeQuery does, of all of it. */
  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    const statement = await this.#prepared(query.sql);
    bindAll(statement, query.parameters);
    const deadline = performance.now() + limits.queryTimeMaxMs;
    const result = await statement.stream();
    const names = result.columnNames();
    for (;;) {
      if (performance.now() > deadline) throw tookTooLong();
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      yield { rows: rowsOfChunk(chunk, names) as Row[] };
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.destroySync();
    this.#connection.closeSync();
  }
}

/** All rows of a result, which is in memory already: a chunk of them at a time. */
async function rowsOf(result: DuckDBMaterializedResult): Promise<Record<string, unknown>[]> {
  const names = result.columnNames();
  const rows: Record<string, unknown>[] = [];
  for (let index = 0; index < result.chunkCount; index += 1) {
    await turns.yield();
    rows.push(...rowsOfChunk(result.getChunk(index), names));
  }
  return rows;
}

function rowsOfChunk(chunk: DuckDBDataChunk, names: readonly string[]): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const columns = chunk.convertColumns(JSDuckDBValueConverter);
  const { rowCount } = chunk;
  for (let place = 0; place < rowCount; place += 1) {
    const row: Record<string, unknown> = {};
    for (const [column, name] of names.entries()) row[name] = columns[column]?.[place];
    rows.push(row);
  }
  return rows;
}

function bindAll(statement: DuckDBPreparedStatement, values: readonly unknown[]): void {
  for (const [index, value] of values.entries()) bind(statement, index + 1, value);
}

/**
 * Binds a value as what DuckDB's client would not guess right. Whole numbers are BIGINT: positions
 * and times do not fit DuckDB's INTEGER. Those that do not fit BIGINT either can only be meant as
 * floating-point numbers.
 */
function bind(statement: DuckDBPreparedStatement, place: number, value: unknown): void {
  if (typeof value === 'string') statement.bindVarchar(place, value);
  else if (typeof value === 'boolean') statement.bindBoolean(place, value);
  else if (Number.isSafeInteger(value)) statement.bindBigInt(place, BigInt(value as number));
  else if (typeof value === 'number') statement.bindDouble(place, value);
  else throw new TypeError(`A ${typeof value} cannot be bound to a query.`);
}
