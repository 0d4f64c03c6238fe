/**
 * The tables of an entity's versions in DuckDB:
 * - the base: every version with the interval in which it was in force, indexed by id;
 * - current: of each record the last version that the base holds, indexed by id;
 * - the delta: the newest versions, until they are merged into the two others in bulk, so that
 *   applying a commit costs the same however long the log is.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import {
  type Entity,
  type FieldKind,
  fieldColumnsOf,
  type Operation,
  type Position,
  type Revision,
  type TransactionId,
  type ValuesOf,
  type Version,
} from '../entities/index.ts';

/** The end of an interval that has not ended: the version is still in force. */
export const stillInForce = 9_223_372_036_854_775_807n;

/** Most rows of one DuckDB data chunk. */
const chunkRowsMax = 2_048;

interface Column {
  readonly type: DuckDBType;
  readonly encode: (value: unknown) => DuckDBValue;
  readonly decode: (value: unknown) => unknown;
}
const asIs = (value: unknown) => value;
const text: Column = { type: VARCHAR, encode: (value) => value as string, decode: asIs };
const bigint: Column = { type: BIGINT, encode: (value) => BigInt(value as number), decode: Number };
const columns: Readonly<Record<FieldKind, Column>> = {
  id: text,
  text,
  int: { type: INTEGER, encode: (value) => value as number, decode: asIs },
  int64: bigint,
  dateTime: bigint,
  float: { type: DOUBLE, encode: (value) => value as number, decode: asIs },
  boolean: { type: BOOLEAN, encode: (value) => value as boolean, decode: asIs },
  labels: {
    type: LIST(VARCHAR),
    encode: (value) => listValue(value as string[]),
    // One answer may go to several callers.
    decode: Object.freeze,
  },
};

/** A row as it is read: what every version has, and a column per field. */
export interface ReplicaRow {
  readonly position: bigint;
  readonly transaction_id: bigint;
  readonly idx: bigint;
  readonly created_idx: bigint;
  readonly id: string;
  readonly revision: number;
  /** An index into operations. */
  readonly operation: number;
  readonly previous_position: bigint | null;
  readonly [column: string]: unknown;
}

/** Kept as a number: every scan for live records compares it. */
const operations: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE', 'RESTORE'];
/** What a deletion's row has as its operation. */
export const deletion = operations.indexOf('DELETE');

interface NamedColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly of: (version: Version) => DuckDBValue;
}

const versionColumns: readonly NamedColumn[] = [
  { name: 'position', type: BIGINT, of: (version) => BigInt(version.position) },
  { name: 'transaction_id', type: BIGINT, of: (version) => BigInt(version.transactionId) },
  { name: 'idx', type: BIGINT, of: (version) => BigInt(version.committedAt) },
  { name: 'created_idx', type: BIGINT, of: (version) => BigInt(version.createdAt) },
  { name: 'id', type: VARCHAR, of: (version) => version.id },
  { name: 'revision', type: INTEGER, of: (version) => version.revision },
  { name: 'operation', type: UTINYINT, of: (version) => operations.indexOf(version.operation) },
  {
    name: 'previous_position',
    type: BIGINT,
    of: (version) => (version.previousPosition === null ? null : BigInt(version.previousPosition)),
  },
];

/** One entity's tables in the replica. */
export class ReplicaTable {
  readonly entity: Entity;
  readonly base: string;
  readonly current: string;
  readonly delta: string;
  /** The columns that the three share, in order. */
  readonly columnNames: readonly string[];
  readonly #columns: readonly NamedColumn[];

  constructor(entity: Entity) {
    this.entity = entity;
    this.base = entity.table;
    this.current = `${entity.table}_current`;
    this.delta = `${entity.table}_delta`;
    this.#columns = [...versionColumns, ...fieldColumns(entity)];
    this.columnNames = this.#columns.map((column) => column.name);
  }

  /** The statements that create the three. */
  definitions(): string[] {
    const shared = this.#columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    return [
      `create table "${this.base}" (${shared}, until_position bigint not null)`,
      this.currentDefinition(this.current),
      `create table "${this.delta}" (${shared})`,
    ];
  }

  /**
   * The statement that creates a current table under a name. Single rows are read from it, and
   * taking texts out of compressed segments would double the cost of that.
   */
  currentDefinition(name: string): string {
    const definitions = this.#columns.map((column) => {
      const uncompressed = column.type === VARCHAR ? ' using compression uncompressed' : '';
      return `"${column.name}" ${column.type}${uncompressed}`;
    });
    return `create table "${name}" (${definitions.join(', ')})`;
  }

  /** The versions as chunks for DuckDB's appender, in the order of columnNames. */
  *chunks(versions: readonly Version[]): Generator<DuckDBDataChunk, void> {
    const types = this.#columns.map((column) => column.type);
    for (let begin = 0; begin < versions.length; begin += chunkRowsMax) {
      const rows = versions.slice(begin, begin + chunkRowsMax);
      const chunk = DuckDBDataChunk.create(types, rows.length);
      chunk.setRows(rows.map((version) => this.#columns.map((column) => column.of(version))));
      yield chunk;
    }
  }
}

function fieldColumns(entity: Entity): NamedColumn[] {
  return fieldColumnsOf(entity).map(({ name, column, field }) => {
    const { type, encode } = columns[field.kind];
    const of = (version: Version) => {
      const value = (version.values as Readonly<Record<string, unknown>>)[name] ?? null;
      return value === null ? null : encode(value);
    };
    return { name: column, type, of };
  });
}

/** A row of the three as the version it holds. */
export function versionOfReplicaRow<E extends Entity>(entity: E, row: ReplicaRow): Version<E> {
  const values: Record<string, unknown> = {};
  for (const { name, column, field } of fieldColumnsOf(entity)) {
    const value = row[column] ?? null;
    values[name] = value === null ? null : columns[field.kind].decode(value);
  }
  return {
    entity,
    id: row.id,
    revision: row.revision as Revision,
    position: Number(row.position) as Position,
    operation: operations[row.operation] as Operation,
    transactionId: Number(row.transaction_id) as TransactionId,
    committedAt: Number(row.idx),
    createdAt: Number(row.created_idx),
    previousPosition:
      row.previous_position === null ? null : (Number(row.previous_position) as Position),
    values: values as ValuesOf<E>,
  };
}
