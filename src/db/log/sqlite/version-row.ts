/** A version as a row of its entity's table in SQLite, and back. */
import { type RawBuilder, sql } from 'kysely';
import {
  type Entity,
  type Field,
  type FieldKind,
  fieldColumnsOf,
  type Microseconds,
  type Operation,
  type Position,
  type Revision,
  type TransactionId,
  type ValuesOf,
  type Version,
} from '../../../entities/index.ts';
import type { VersionColumns } from '../tables.ts';

/** How a kind of field is kept: its SQLite type, and JavaScript values to SQLite's and back. */
interface Column {
  readonly type: 'text' | 'integer' | 'real';
  readonly encode: (value: unknown) => unknown;
  readonly decode: (value: unknown) => unknown;
}
const asIs = (value: unknown) => value;
const text: Column = { type: 'text', encode: asIs, decode: asIs };
const integer: Column = { type: 'integer', encode: asIs, decode: asIs };
/** The column of each kind of field. */
export const columns: Readonly<Record<FieldKind, Column>> = {
  id: text,
  text,
  int: integer,
  int64: integer,
  dateTime: integer,
  float: { type: 'real', encode: asIs, decode: asIs },
  boolean: { type: 'integer', encode: (value) => Number(value), decode: (value) => value === 1 },
  labels: {
    type: 'text',
    encode: (value) => JSON.stringify(value),
    decode: (value) => Object.freeze(JSON.parse(value as string)),
  },
};

/** A version's field values as columns. */
export function columnsOfValues(
  entity: Entity,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const { name, column, field } of fieldColumnsOf(entity)) {
    row[column] = encoded(field, values[name]);
  }
  return row;
}

/** What a version is read from of every table, whatever its entity. */
const sharedColumns = [
  'position',
  'transaction_id',
  'idx',
  'created_idx',
  'id',
  'revision',
  'operation',
  'previous_position',
] as const satisfies readonly (keyof VersionColumns)[];
export type SharedColumn = (typeof sharedColumns)[number];

/** The columns that make up a version; the digest chain's, which only `verify` needs, are not. */
export function columnsOfVersion(entity: Entity): SharedColumn[] {
  const own = fieldColumnsOf(entity).map(({ column }) => column);
  // The columns of fields are known only at run time.
  return [...sharedColumns, ...own] as SharedColumn[];
}

/**
 * The SQL of all values of each column of columnsOfVersion as one JSON array, in UTF-8: to make it a
 * text of JavaScript's costs more than to make it. Floating-point numbers are texts there, of as many
 * digits as it takes: SQLite’s JSON rounds them. Booleans are 0 and 1.
 */
export function jsonOfColumns(entity: Entity): RawBuilder<Uint8Array>[] {
  const own = fieldColumnsOf(entity).map(({ column, field: { kind, default: missing } }) => {
    const stored = sql.ref(column);
    const isMissing = missing === null || missing === undefined;
    const value = isMissing ? stored : sql`coalesce(${stored}, ${columns[kind].encode(missing)})`;
    if (kind === 'labels') return sql`json(${value})`;
    if (kind !== 'float') return value;
    return sql`iif(${value} is null, null, printf('%!.17g', ${value}))`;
  });
  const all = [...sharedColumns.map((name) => sql.ref(name)), ...own];
  return all.map((value) => sql<Uint8Array>`cast(json_group_array(${value}) as blob)`);
}

/** A row of columnsOfVersion, in their order, as the version it holds. */
export function versionOfRaw<E extends Entity>(entity: E, row: readonly unknown[]): Version<E> {
  const values: Record<string, unknown> = {};
  let place = sharedColumns.length;
  for (const { name, field } of fieldColumnsOf(entity)) {
    values[name] = decoded(field, row[place]);
    place += 1;
  }
  return {
    entity,
    id: row[4] as string,
    revision: row[5] as Revision,
    position: row[0] as Position,
    operation: row[6] as Operation,
    transactionId: row[1] as TransactionId,
    committedAt: row[2] as Microseconds,
    createdAt: row[3] as Microseconds,
    previousPosition: row[7] as Position | null,
    values: values as ValuesOf<E>,
  };
}

/** What a row holds besides its version: its link in the digest chain. */
export type VersionLink = Pick<VersionColumns, (typeof linkColumns)[number]>;
const linkColumns = ['salt', 'contents_digest', 'digest'] as const;

/** A version and its link: a whole row. */
export interface ChainedVersion<E extends Entity = Entity> {
  readonly version: Version<E>;
  readonly link: VersionLink;
}

/** The columns of a whole row, in the order of addRow. */
export function columnsOfRow(entity: Entity): string[] {
  return [...columnsOfVersion(entity), ...linkColumns];
}

/** Adds the values of a whole row. */
export function addRow(row: unknown[], { version, link }: ChainedVersion): void {
  row.push(
    version.position,
    version.transactionId,
    version.committedAt,
    version.createdAt,
    version.id,
    version.revision,
    version.operation,
    version.previousPosition,
  );
  const values: Readonly<Record<string, unknown>> = version.values;
  for (const { name, field } of fieldColumnsOf(version.entity)) {
    row.push(encoded(field, values[name]));
  }
  row.push(link.salt, link.contents_digest, link.digest);
}

function encoded({ kind }: Field, value: unknown): unknown {
  return value == null ? null : columns[kind].encode(value);
}

function decoded(field: Field, value: unknown): unknown {
  return value == null ? (field.default ?? null) : columns[field.kind].decode(value);
}

/** A row by the names of its columns as the version it holds. */
export function versionOfRow<E extends Entity>(
  entity: E,
  row: Pick<VersionColumns, SharedColumn>,
): Version<E> {
  return versionOfRaw(
    entity,
    columnsOfVersion(entity).map((column) => row[column]),
  );
}
