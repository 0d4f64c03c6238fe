/** A version as a row of its entity's table in SQLite, and back. */
import { type RawBuilder, sql } from 'kysely';
import {
  type Entity,
  type FieldKind,
  fieldColumnsOf,
  type Position,
  type Revision,
  type TransactionId,
  type ValuesOf,
  type Version,
} from '../../../entities/index.ts';
import type { VersionColumns, VersionRow } from '../tables.ts';

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
    const value = values[name] ?? null;
    row[column] = value === null ? null : columns[field.kind].encode(value);
  }
  return row;
}

/** What versionOfRow reads of every table, whatever its entity. */
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
type SharedColumn = (typeof sharedColumns)[number];

/** The columns that make up a version; the digest chain's, which only `verify` needs, are not. */
export function columnsOfVersion(entity: Entity): SharedColumn[] {
  const own = fieldColumnsOf(entity).map(({ column }) => column);
  // The columns of fields are known only at run time.
  return [...sharedColumns, ...own] as SharedColumn[];
}

/**
 * The SQL of all values of each column of columnsOfVersion as one JSON array. Floating-point numbers
 * are texts there, of as many digits as it takes: SQLite’s JSON rounds them. Booleans are 0 and 1.
 */
export function jsonOfColumns(entity: Entity): RawBuilder<string>[] {
  const own = fieldColumnsOf(entity).map(({ column, field: { kind, default: missing } }) => {
    const stored = sql.ref(column);
    const isMissing = missing === null || missing === undefined;
    const value = isMissing ? stored : sql`coalesce(${stored}, ${columns[kind].encode(missing)})`;
    if (kind === 'labels') return sql<string>`json_group_array(json(${value}))`;
    if (kind !== 'float') return sql<string>`json_group_array(${value})`;
    const digits = sql`iif(${value} is null, null, printf('%!.17g', ${value}))`;
    return sql<string>`json_group_array(${digits})`;
  });
  return [...sharedColumns.map((name) => sql<string>`json_group_array(${sql.ref(name)})`), ...own];
}

/** A row as the version it holds. */
export function versionOfRow<E extends Entity>(
  entity: E,
  columnsOfRow: Pick<VersionColumns, SharedColumn>,
): Version<E> {
  const row = columnsOfRow as VersionRow;
  const values: Record<string, unknown> = {};
  for (const { name, column, field } of fieldColumnsOf(entity)) {
    const value = row[column] ?? null;
    values[name] = value === null ? (field.default ?? null) : columns[field.kind].decode(value);
  }
  return {
    entity,
    id: row.id,
    revision: row.revision as Revision,
    position: row.position as Position,
    operation: row.operation,
    transactionId: row.transaction_id as TransactionId,
    committedAt: row.idx,
    createdAt: row.created_idx,
    previousPosition: row.previous_position as Position | null,
    values: values as ValuesOf<E>,
  };
}
