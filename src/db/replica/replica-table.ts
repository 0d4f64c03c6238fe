/**
 * The tables of an entity's versions in DuckDB:
 * - the base: every version with the interval in which it was in force, no index;
 * - current: of each record the last version that the base holds, indexed by id;
 * - the delta: the newest versions, until they are merged into the two others in bulk, so that
 *   applying a commit costs the same however long the log is. It lies in memory: it need not
 *   outlive the process, and DuckDB would sync its file at each commit.
 */
import { isAscii as isAsciiBytes } from 'node:buffer';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
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
  fieldValue,
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
import { JsonInsertion, type JsonOfColumn, jsonOf, valuesOf } from './json-insertion.ts';

/** The end of an interval that has not ended: the version is still in force. */
export const stillInForce = 9_223_372_036_854_775_807n;

/** Rows of one chunk for DuckDB, which takes up to 2,048: filling it takes a part of a stretch. */
const chunkRowsMax = 512;

interface Column {
  readonly type: DuckDBType;
  readonly encode: (value: unknown) => DuckDBValue;
  /** What the log's JSON has of it, as a type of DuckDB’s from_json; it is cast to the type. */
  readonly json: string;
}
const text: Column = { type: VARCHAR, encode: (value) => value as string, json: '"VARCHAR"' };
const bigint: Column = {
  type: BIGINT,
  encode: (value) => BigInt(value as number),
  json: '"BIGINT"',
};
const columns: Readonly<Record<FieldKind, Column>> = {
  id: text,
  text,
  int: { type: INTEGER, encode: (value) => value as number, json: '"INTEGER"' },
  int64: bigint,
  dateTime: bigint,
  float: { type: DOUBLE, encode: (value) => value as number, json: '"VARCHAR"' },
  boolean: { type: BOOLEAN, encode: (value) => value as boolean, json: '"UTINYINT"' },
  labels: {
    type: LIST(VARCHAR),
    encode: (value) => listValue(value as string[]),
    json: '["VARCHAR"]',
  },
};

/** Kept as a number: every scan for live records compares it. */
const operations: readonly Operation[] = ['CREATE', 'UPDATE', 'DELETE', 'RESTORE'];
/** What a deletion's row has as its operation. */
export const deletion = operations.indexOf('DELETE');

/** DuckDB's own database, beside that of the file: it has the deltas. */
export const deltaCatalog = 'memory';

const operation: Column = {
  type: UTINYINT,
  encode: (value) => operations.indexOf(value as Operation),
  json: '"VARCHAR"',
};

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

interface NamedColumn extends Column {
  readonly name: string;
}

/** What all versions have, in the order of columnsOfVersion; the columns of fields follow. */
const versionColumns: readonly (NamedColumn & { readonly of: (version: Version) => unknown })[] = [
  { name: 'position', ...bigint, of: (version) => version.position },
  { name: 'transaction_id', ...bigint, of: (version) => version.transactionId },
  { name: 'idx', ...bigint, of: (version) => version.committedAt },
  { name: 'created_idx', ...bigint, of: (version) => version.createdAt },
  { name: 'id', ...text, of: (version) => version.id },
  { name: 'revision', ...columns.int, of: (version) => version.revision },
  { name: 'operation', ...operation, of: (version) => version.operation },
  { name: 'previous_position', ...bigint, of: (version) => version.previousPosition },
];
const idPlace = versionColumns.findIndex(({ name }) => name === 'id');

const inOrder = `"${inOrderColumn}" boolean not null default false`;

/** One entity's tables in the replica. */
export class ReplicaTable {
  readonly entity: Entity;
  readonly base: string;
  readonly current: string;
  /** With its catalog, as it stands in a query. */
  readonly delta: string;
  readonly deltaName: string;
  /** The columns of a version, in order. */
  readonly columnNames: readonly string[];
  /** The columns that the three share, in order: those of a version, then its texts folded. */
  readonly storedNames: readonly string[];
  /** The SQL of a whole version as one text, from those columns; versionOf reads it. */
  readonly wholeVersion: string;
  /** The order in which base and current are written anew. */
  readonly order: Order;
  readonly #columns: readonly NamedColumn[];
  /** The places of columns whose texts can be searched in any case. */
  readonly #foldedPlaces: readonly number[];

  constructor(entity: Entity) {
    this.entity = entity;
    this.order = new Order(entity, entity.defaultOrder);
    this.base = entity.table;
    this.current = `${entity.table}_current`;
    this.deltaName = `${entity.table}_delta`;
    this.delta = `${deltaCatalog}.${this.deltaName}`;
    const fields = fieldColumnsOf(entity);
    const ofVersion: NamedColumn[] = [
      ...versionColumns,
      ...fields.map(({ column, field }) => ({ name: column, ...columns[field.kind] })),
    ];
    const ofTexts = fields.flatMap(({ field }, index) =>
      ['id', 'text', 'labels'].includes(field.kind) ? [versionColumns.length + index] : [],
    );
    this.#foldedPlaces = [idPlace, ...ofTexts];
    const folded = this.#foldedPlaces.map((place) => ({
      ...text,
      name: foldedColumn((ofVersion[place] as NamedColumn).name),
    }));
    this.#columns = [...ofVersion, ...folded];
    this.columnNames = ofVersion.map(({ name }) => name);
    this.storedNames = this.#columns.map(({ name }) => name);
    this.wholeVersion = `json_array(${this.columnNames.map((name) => `"${name}"`).join(', ')})`;
  }

  /** The statements that create base and current. */
  definitions(): string[] {
    return [this.baseDefinition(this.base), this.currentDefinition(this.current)];
  }

  /** The statement that creates a base under a name. */
  baseDefinition(name: string): string {
    return `create table "${name}" (${this.#definedColumns()}, until_position bigint not null, ${inOrder})`;
  }

  /** The statement that creates the delta, in its catalog. */
  deltaDefinition(): string {
    return `create table ${this.delta} (${this.#definedColumns()})`;
  }

  #definedColumns(): string {
    return this.#columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
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

  /** The statement that makes the index of the current table, unless there is one. */
  indexDefinition(): string {
    return `create index if not exists "${this.current}_id" on "${this.current}" (id)`;
  }

  /** The versions as chunks for DuckDB's appender, in the order of storedNames. */
  *chunks(versions: readonly Version[]): Generator<DuckDBDataChunk, void> {
    const types = this.#columns.map(({ type }) => type);
    const fields = fieldColumnsOf(this.entity);
    for (let begin = 0; begin < versions.length; begin += chunkRowsMax) {
      const rows = versions.slice(begin, begin + chunkRowsMax);
      const values = [
        ...versionColumns.map(({ of }) => rows.map(of)),
        ...fields.map(({ name }) => rows.map((version) => fieldValue(version, name))),
      ];
      const folded = this.#foldedPlaces.map((place) => values[place]?.map(foldedText) ?? []);
      const chunk = DuckDBDataChunk.create(types, rows.length);
      for (const [place, column] of [...values, ...folded].entries()) {
        const { encode } = this.#columns[place] as NamedColumn;
        const encoded = column.map((value) => (value === null ? null : encode(value)));
        chunk.setColumnValues(place, encoded);
      }
      yield chunk;
    }
  }

  /**
   * Adds rows to the base out of JSON arrays: those of LogReader's jsonBetween, of foldedJson, and of
   * the positions at which the versions were superseded or null.
   */
  baseInsertion(connection: DuckDBConnection): JsonInsertion {
    const until = { name: 'until_position', ...bigint };
    return insertionOfJson(connection, `"${this.base}"`, [...this.#columns, until]);
  }

  /** Adds rows to the delta, out of the same but the last. */
  deltaInsertion(connection: DuckDBConnection): JsonInsertion {
    return insertionOfJson(connection, this.delta, this.#columns);
  }

  /**
   * The folded columns of versions.
   * @param json the versions as LogReader's jsonBetween has them.
   * @returns per column a JSON array; null where all of it is null.
   */
  foldedJson(json: readonly Uint8Array[]): JsonOfColumn[] {
    return this.#foldedPlaces.map((place) => {
      const values = json[place] as Uint8Array;
      if (isAsciiBytes(values)) return null;
      return jsonOf(valuesOf(values).map(foldedText));
    });
  }
}

/**
 * Adds rows out of JSON arrays. A condition that DuckDB cannot know before it runs stands before each:
 * what is worked out of constants alone it works out while it plans, value by value. Were the texts
 * the columns of a table instead, they would be copied for every 2,048 rows that come out of them.
 */
function insertionOfJson(
  connection: DuckDBConnection,
  table: string,
  columns: readonly NamedColumn[],
): JsonInsertion {
  return new JsonInsertion(connection, (isGiven) => {
    const given = columns.filter((_, place) => isGiven[place]);
    const lists = given.map(({ name, json }, index) => {
      const text = `decode(if(random() < 2, $${index + 1}::blob, null))`;
      return `unnest(from_json_strict(${text}, '[${json}]')) as "${name}"`;
    });
    const values = given.map(({ name, type }) => {
      if (name === 'until_position') return `coalesce(until_position, ${stillInForce})`;
      if (name !== 'operation') return `cast("${name}" as ${type})`;
      return `list_position(['${operations.join("', '")}'], operation) - 1`;
    });
    const names = given.map(({ name }) => `"${name}"`).join(', ');
    return `insert into ${table} (${names}) select ${values.join(', ')} from (select ${lists.join(', ')})`;
  });
}

/** @param value a text, labels, or null. */
function foldedText(value: unknown): string | null {
  if (typeof value === 'string') return isAscii(value) ? null : foldText(value);
  const texts = (value ?? []) as readonly string[];
  return texts.every(isAscii) ? null : texts.map(foldText).join('\n');
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
