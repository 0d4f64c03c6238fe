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
  type Microseconds,
  type Operation,
  type Position,
  type Revision,
  type TransactionId,
  type ValuesOf,
  type Version,
} from '../../entities/index.ts';
import { foldText, isAscii } from '../criteria/fold-text.ts';
import { Order } from '../criteria/order.ts';

/** The end of an interval that has not ended: the version is still in force. */
export const stillInForce = 9_223_372_036_854_775_807n;

/** Rows of one chunk for DuckDB, which takes up to 2,048: filling it takes a part of a stretch. */
const chunkRowsMax = 512;

interface Column {
  readonly type: DuckDBType;
  readonly encode: (value: unknown) => DuckDBValue;
}
const text: Column = { type: VARCHAR, encode: (value) => value as string };
const bigint: Column = { type: BIGINT, encode: (value) => BigInt(value as number) };
const columns: Readonly<Record<FieldKind, Column>> = {
  id: text,
  text,
  int: { type: INTEGER, encode: (value) => value as number },
  int64: bigint,
  dateTime: bigint,
  float: { type: DOUBLE, encode: (value) => value as number },
  boolean: { type: BOOLEAN, encode: (value) => value as boolean },
  labels: { type: LIST(VARCHAR), encode: (value) => listValue(value as string[]) },
};

/** Kept as a number: every scan for live records compares it. */
const operations: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE', 'RESTORE'];
/** What a deletion's row has as its operation. */
export const deletion = operations.indexOf('DELETE');

/** Where a current table holds each version whole. No field's column can be called that. */
export const wholeColumn = '_version';

/**
 * Whether a row of base or current lies in the entity's default order, as all such rows do, from
 * when the table was last written anew; what was merged since follows them in any order. A scan of
 * the rows in order may stop at the end of a page.
 */
export const inOrderColumn = '_in_order';

/** The column that holds a column of texts folded; no field's can be called that. */
function foldedColumn(column: string): string {
  return `_${column}_folded`;
}

/**
 * The SQL of a column's texts, or of its labels as lines, in any case: what foldText makes of them.
 * DuckDB itself lowers ASCII alone, about which nobody differs.
 */
export function foldedOf(kind: FieldKind, column: string): string {
  const asIs = kind === 'labels' ? `array_to_string("${column}", chr(10))` : `"${column}"`;
  return `coalesce("${foldedColumn(column)}", lower(${asIs}))`;
}

/** What the text of a whole version holds: the values of versionColumns, then of the fields. */
type WholeVersion = [
  position: Position,
  transactionId: TransactionId,
  committedAt: Microseconds,
  createdAt: Microseconds,
  id: string,
  revision: Revision,
  operation: number,
  previousPosition: Position | null,
  ...values: unknown[],
];

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
  /** The columns of a version, in order. */
  readonly columnNames: readonly string[];
  /** The columns that the three share, in order: those of a version, then its texts folded. */
  readonly storedNames: readonly string[];
  /** The SQL of a whole version as one text, from those columns; versionOf reads it. */
  readonly wholeVersion: string;
  /** The order in which base and current are written anew. */
  readonly order: Order;
  readonly #columns: readonly NamedColumn[];

  constructor(entity: Entity) {
    this.entity = entity;
    this.order = new Order(entity, entity.defaultOrder);
    this.base = entity.table;
    this.current = `${entity.table}_current`;
    this.delta = `${entity.table}_delta`;
    const ofVersion = [...versionColumns, ...fieldColumns(entity)];
    this.#columns = [...ofVersion, ...foldedColumns(entity)];
    this.columnNames = ofVersion.map(({ name }) => name);
    this.storedNames = this.#columns.map(({ name }) => name);
    this.wholeVersion = `json_array(${this.columnNames.map((name) => `"${name}"`).join(', ')})`;
  }

  /** The statements that create the three. */
  definitions(): string[] {
    const shared = this.#columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    return [
      this.baseDefinition(this.base),
      this.currentDefinition(this.current),
      `create table "${this.delta}" (${shared})`,
    ];
  }

  /** The statement that creates a base under a name. */
  baseDefinition(name: string): string {
    const shared = this.#columns.map((column) => `"${column.name}" ${column.type}`);
    const more = ['until_position bigint not null', inOrder];
    return `create table "${name}" (${[...shared, ...more].join(', ')})`;
  }

  /**
   * The statement that creates a current table under a name. Besides the columns, which are
   * scanned, it holds each version whole. Single rows are fetched from it by id: one plain text
   * costs a fraction of what a row out of many columns, or out of compressed segments, would.
   */
  currentDefinition(name: string): string {
    const uncompressed = 'using compression uncompressed';
    const shared = this.#columns.map((column) =>
      column.name === 'id' ? `"id" varchar ${uncompressed}` : `"${column.name}" ${column.type}`,
    );
    const whole = `"${wholeColumn}" varchar not null ${uncompressed}`;
    return `create table "${name}" (${[...shared, whole, inOrder].join(', ')})`;
  }

  /** The versions as chunks for DuckDB's appender, in the order of storedNames. */
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

const inOrder = `"${inOrderColumn}" boolean not null default false`;

function fieldColumns(entity: Entity): NamedColumn[] {
  return fieldColumnsOf(entity).map(({ name, column, field }) => {
    const { type, encode } = columns[field.kind];
    const of = (version: Version) => {
      const value = fieldValue(version, name);
      return value === null ? null : encode(value);
    };
    return { name: column, type, of };
  });
}

/** What can be searched in any case, folded; null where that is ASCII, and takes no room twice. */
function foldedColumns(entity: Entity): NamedColumn[] {
  const texts = fieldColumnsOf(entity).filter(({ field }) =>
    ['id', 'text', 'labels'].includes(field.kind),
  );
  return [
    { name: foldedColumn('id'), type: VARCHAR, of: ({ id }) => foldedText(id) },
    ...texts.map(({ name, column }) => ({
      name: foldedColumn(column),
      type: VARCHAR,
      of: (version: Version) => foldedText(fieldValue(version, name)),
    })),
  ];
}

/** @param value a text, labels, or null. */
function foldedText(value: unknown): string | null {
  const texts = [value ?? []].flat() as string[];
  return texts.every(isAscii) ? null : texts.map(foldText).join('\n');
}

function fieldValue({ values }: Version, name: string): unknown {
  return (values as Readonly<Record<string, unknown>>)[name] ?? null;
}

/** A version out of the text that wholeVersion made of it. */
export function versionOf<E extends Entity>(entity: E, whole: string): Version<E> {
  const [
    position,
    transactionId,
    committedAt,
    createdAt,
    id,
    revision,
    operation,
    previous,
    ...rest
  ] = JSON.parse(whole) as WholeVersion;
  const values: Record<string, unknown> = {};
  const fields = fieldColumnsOf(entity);
  for (let place = 0; place < fields.length; place += 1) {
    // One answer may go to several callers.
    values[(fields[place] as (typeof fields)[number]).name] = Object.freeze(rest[place]);
  }
  return {
    entity,
    id,
    revision,
    position,
    operation: operations[operation] as Operation,
    transactionId,
    committedAt,
    createdAt,
    previousPosition: previous,
    values: values as ValuesOf<E>,
  };
}
