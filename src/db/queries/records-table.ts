/** Records as a table: what SQL is asked over beside files. */
import { PassThrough } from 'node:stream';
import { type RawBuilder, sql } from 'kysely';
import {
  type Entity,
  type FieldKind,
  fieldColumnsOf,
  type Position,
} from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import type { Replica } from '../replica/replica.ts';
import { duckdbTypes } from '../shared/duckdb-types.ts';
import { limits } from '../shared/limits.ts';
import { TableLimitExceeded, Unavailable } from '../shared/problems.ts';
import type { KnownColumn } from '../tables/question.ts';
import type { TableSource } from '../tables/table-source.ts';
import { compileFilter } from './filter-sql.ts';
import { inForceAt } from './in-force.ts';

export interface RecordsQuery {
  readonly at: Position;
  readonly filter?: RecordFilter | undefined;
}

/** A column of the table, and the column of the replica that it is made of. */
interface SourceColumn extends KnownColumn {
  readonly kind: FieldKind;
  readonly column: string;
}

/** What every record has. */
const shared: readonly SourceColumn[] = (
  [
    ['id', 'id', 'id'],
    ['revision', 'int', 'revision'],
    ['position', 'int64', 'position'],
    ['createdAt', 'dateTime', 'created_idx'],
    ['updatedAt', 'dateTime', 'idx'],
  ] as const
).map(([name, kind, column]) => ({ name, kind, column, type: duckdbTypes[kind] }));

/** Where the records are read: one replica, or the one after it. */
interface Replicas {
  read<T>(query: (replica: Replica) => Promise<T>): Promise<T>;
}

/** The live records that match at a position, as a table that is read when it is asked for. */
export function recordsTable(
  replicas: Replicas,
  entity: Entity,
  { at, filter = {} }: RecordsQuery,
): TableSource {
  const columns: readonly SourceColumn[] = [
    ...shared,
    ...fieldColumnsOf(entity).map(({ name, column, field: { kind } }) => ({
      name,
      kind,
      column,
      type: duckdbTypes[kind],
    })),
  ];
  return {
    key: JSON.stringify([entity.table, at, filter]),
    format: 'ndjson',
    sheet: null,
    columns: columns.map(({ name, type }) => ({ name, type })),
    bytes: () => {
      const lines = new PassThrough();
      writeLines(replicas, entity, { at, filter }, columns, lines).then(
        () => lines.end(),
        (error) => lines.destroy(error),
      );
      return lines;
    },
  };
}

async function writeLines(
  replicas: Replicas,
  entity: Entity,
  { at, filter }: Required<RecordsQuery>,
  columns: readonly SourceColumn[],
  lines: PassThrough,
): Promise<void> {
  let count = 0;
  await replicas.read((replica) =>
    replica.readAt(at, async (source) => {
      if (count > 0) throw new Unavailable('The replica was renewed meanwhile. Try again.');
      const query = sql<{ readonly line: string }>`
        select json_object(${sql.join(columns.flatMap(columnValue))})::varchar as line
        from (${inForceAt(replica.table(entity), at, source)})
        where ${compileFilter(entity, filter ?? {})}
        order by position`.compile(replica.kysely);
      for await (const { rows } of replica.kysely.getExecutor().stream(query, rowsPerChunk)) {
        count += rows.length;
        refuseTooMany(entity, count);
        if (lines.destroyed) return;
        const text = (rows as { readonly line: string }[]).map(({ line }) => `${line}\n`).join('');
        if (!lines.write(text)) await drained(lines);
      }
    }),
  );
}

/** As many as DuckDB gives at a time. */
const rowsPerChunk = 2_048;

function columnValue({ name, kind, column }: SourceColumn): RawBuilder<unknown>[] {
  const value =
    kind === 'dateTime'
      ? sql`strftime(make_timestamp(${sql.ref(column)}), '%Y-%m-%dT%H:%M:%S.%fZ')`
      : sql.ref(column);
  return [sql.lit(name), value];
}

/** Whoever reads them may have left: then there is nothing to wait for. */
function drained(lines: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      lines.off('drain', done).off('close', done);
      resolve();
    };
    lines.on('drain', done).on('close', done);
  });
}

function refuseTooMany(entity: Entity, count: number): void {
  const { tableRecordsMax: max } = limits;
  if (count <= max) return;
  const message = `A query may read at most ${max} records as a table, but there are more of ${entity.name}.`;
  throw new TableLimitExceeded('tableRecordsMax', max, message);
}
