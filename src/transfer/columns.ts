/** What files hold of versions, records and transactions: a column for each thing. */
import {
  type Entity,
  type FieldKind,
  fieldColumnsOf,
  formatDateTime,
  type Transaction,
  type Version,
} from '../entities/index.ts';
import type { Format } from './formats.ts';

export interface Column<Row> {
  readonly name: string;
  readonly kind: FieldKind;
  readonly read: (row: Row) => unknown;
}

/** Of every version, in the export of a history. */
export function columnsOfHistory(entity: Entity): Column<Version>[] {
  return [
    { name: 'position', kind: 'int64', read: ({ position }) => position },
    { name: 'transactionId', kind: 'int64', read: ({ transactionId }) => transactionId },
    { name: 'committedAt', kind: 'dateTime', read: ({ committedAt }) => committedAt },
    { name: 'createdAt', kind: 'dateTime', read: ({ createdAt }) => createdAt },
    { name: 'id', kind: 'id', read: ({ id }) => id },
    { name: 'revision', kind: 'int64', read: ({ revision }) => revision },
    { name: 'operation', kind: 'text', read: ({ operation }) => operation },
    { name: 'previousPosition', kind: 'int64', read: (version) => version.previousPosition },
    ...columnsOfFields(entity),
  ];
}

/** Of every record, in the export of a state. */
export function columnsOfState(entity: Entity): Column<Version>[] {
  return [
    { name: 'id', kind: 'id', read: ({ id }) => id },
    { name: 'revision', kind: 'int64', read: ({ revision }) => revision },
    { name: 'position', kind: 'int64', read: ({ position }) => position },
    { name: 'createdAt', kind: 'dateTime', read: ({ createdAt }) => createdAt },
    { name: 'updatedAt', kind: 'dateTime', read: ({ committedAt }) => committedAt },
    ...columnsOfFields(entity),
  ];
}

function columnsOfFields(entity: Entity): Column<Version>[] {
  return fieldColumnsOf(entity).map(({ name, field: { kind } }) => ({
    name,
    kind,
    read: ({ values }) => (values as Readonly<Record<string, unknown>>)[name],
  }));
}

export const columnsOfTransactions: readonly Column<Transaction>[] = [
  { name: 'id', kind: 'int64', read: ({ id }) => id },
  { name: 'committedAt', kind: 'dateTime', read: ({ committedAt }) => committedAt },
  { name: 'firstPosition', kind: 'int64', read: ({ firstPosition }) => firstPosition },
  { name: 'lastPosition', kind: 'int64', read: ({ lastPosition }) => lastPosition },
  { name: 'actor', kind: 'text', read: ({ actor }) => actor },
  { name: 'reason', kind: 'text', read: ({ reason }) => reason },
];

/** How rows of some columns are written in a format: what stands before them, and each row's line. */
export interface RowText<Row> {
  readonly head: string;
  readonly lineOf: (row: Row) => string;
}

/** Parquet is made of the same lines as NDJSON. */
export function rowText<Row>(columns: readonly Column<Row>[], format: Format): RowText<Row> {
  if (format === 'csv') {
    const head = `${columns.map(({ name }) => name).join(',')}\n`;
    return { head, lineOf: (row) => csvLine(columns, row) };
  }
  const named = columns.map((column, place) => {
    const comma = place === 0 ? '{' : ',';
    return { ...column, key: `${comma}${JSON.stringify(column.name)}:` };
  });
  const lineOf = (row: Row) => {
    let line = '';
    for (const { key, kind, read } of named) line += key + jsonOf(kind, read(row));
    return `${line}}\n`;
  };
  return { head: '', lineOf };
}

function jsonOf(kind: FieldKind, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return JSON.stringify(kind === 'dateTime' ? formatDateTime(value as number) : value);
}

/** What is null is empty; every text is quoted, so that an empty one is told from that. */
function csvLine<Row>(columns: readonly Column<Row>[], row: Row): string {
  return `${columns.map(({ kind, read }) => csvOf(kind, read(row))).join(',')}\n`;
}

function csvOf(kind: FieldKind, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (kind === 'dateTime') return formatDateTime(value as number);
  if (kind === 'labels') return quoted(JSON.stringify(value));
  return typeof value === 'string' ? quoted(value) : String(value);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
