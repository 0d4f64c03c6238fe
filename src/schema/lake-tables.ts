/** Files as tables: their rows, what two revisions differ in, and SQL over them and over records. */
import type { ObjectRef } from '@pothos/core';
import type { RowDiff, TableColumn, TableDiff, TablePage } from '../db/index.ts';
import type { LakeFile } from '../entities/index.ts';
import { diffTable, queryLake, type RecordAt, readTable } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import type { SharedInputs } from './inputs.ts';
import { pageRows, rowsOf, tableWork } from './rows.ts';

type FileAt = RecordAt<typeof LakeFile>;

const formats = 'CSV, TSV, JSON, NDJSON, Parquet, XLSX; texts also packed by gzip';

/** Adds what is asked of files as tables to LakeFile and to Query. */
export function addLakeTables(
  builder: Builder,
  record: ObjectRef<BuilderTypes, FileAt>,
  inputs: SharedInputs,
): void {
  const column = addColumn(builder);
  const table = addTable(builder, column);
  const diff = addDiff(builder, column);
  builder.objectFields(record, (t) => ({
    table: t.field({
      type: table,
      nullable: true,
      description:
        'Its rows, as they lie in it; null where it is no table by its `filetype`, or its name ' +
        `(${formats}). DuckDB finds out the columns and their types.`,
      args: {
        first: t.arg.int({ defaultValue: 100, description: 'How many at most, up to 1,000.' }),
        offset: t.arg.int({ defaultValue: 0, description: 'How many to leave out before them.' }),
        sheet: t.arg.string({ description: 'Which sheet of a workbook; its first one without.' }),
      },
      extensions: tableWork,
      resolve: (file, args, { operation }) => readTable(file, args, operation),
    }),
    diffTable: t.field({
      type: diff,
      nullable: true,
      description: 'What rows two of its revisions differ in; null where either is no table.',
      args: {
        from: t.arg.int({ required: true, description: 'The earlier revision.' }),
        to: t.arg.int({ description: 'The later one; that of this record without it.' }),
        key: t.arg.stringList({
          required: true,
          description: 'The columns that name a row: those of one row together are of no other.',
        }),
        first: t.arg.int({ defaultValue: 100, description: 'How many rows, up to 1,000.' }),
        offset: t.arg.int({ defaultValue: 0, description: 'How many to leave out before them.' }),
      },
      extensions: { ...rowsOf(({ first }) => first ?? 100), ...tableWork },
      resolve: (file, args, { operation }) => diffTable(file, args, operation),
    }),
  }));
  addQuery(builder, table, inputs);
}

function addColumn(builder: Builder) {
  return builder.objectRef<TableColumn>('LakeColumn').implement({
    description: 'A column of a table.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      type: t.exposeString('type', {
        description: 'Its type in DuckDB’s words: `BIGINT`, `VARCHAR`, `STRUCT(a DATE)` …',
      }),
    }),
  });
}

type ColumnRef = ReturnType<typeof addColumn>;

function addTable(builder: Builder, column: ColumnRef): ObjectRef<BuilderTypes, TablePage> {
  return builder.objectRef<TablePage>('LakeTable').implement({
    description: 'Rows of a table.',
    fields: (t) => ({
      columns: t.field({
        type: [column],
        description: 'In the order of the values of each row.',
        resolve: ({ columns }) => [...columns],
      }),
      rows: t.field({
        type: t.listRef(t.listRef('JSON', { nullable: true })),
        description:
          'A value for each column. Whole numbers of more than 53 bits and decimals of more than ' +
          '15 digits are texts, as are what is no number (NaN), moments (ISO 8601) and bytes (Base64).',
        resolve: ({ rows }) => rows as unknown[][],
      }),
      totalRows: t.expose('totalRows', {
        type: 'Int64',
        description: 'How many rows there are in all.',
      }),
    }),
  });
}

function addDiff(builder: Builder, column: ColumnRef): ObjectRef<BuilderTypes, TableDiff> {
  const kind = builder.enumType('RowChange', {
    description: 'What became of a row.',
    values: {
      ADDED: { description: 'Only the later revision has it.' },
      REMOVED: { description: 'Only the earlier revision has it.' },
      CHANGED: { description: 'Both have it, and values of it differ.' },
    } as const,
  });
  const row = builder.objectRef<RowDiff>('LakeRowDiff').implement({
    description: 'A row that two revisions of a table differ in.',
    fields: (t) => {
      const side = (which: 'before' | 'after', revision: string) =>
        t.field({
          type: t.listRef('JSON', { nullable: true }),
          nullable: true,
          description: `The row in the ${revision} revision, a value for each column; null where it is not.`,
          resolve: (diff) => diff[which] as unknown[] | null,
        });
      return {
        kind: t.field({
          type: kind,
          description: 'What became of it.',
          resolve: (diff) => diff.kind,
        }),
        key: t.field({
          type: t.listRef('JSON', { nullable: true }),
          description: 'What names it: its values in the columns of the key.',
          resolve: (diff) => diff.key as unknown[],
        }),
        before: side('before', 'earlier'),
        after: side('after', 'later'),
      };
    },
  });
  return builder.objectRef<TableDiff>('LakeTableDiff').implement({
    description: 'What rows two revisions of a table differ in.',
    fields: (t) => ({
      columns: t.field({
        type: [column],
        description:
          'The columns of both, by name. One that a revision does not have is null in its rows.',
        resolve: ({ columns }) => [...columns],
      }),
      added: t.expose('added', { type: 'Int64', description: 'How many rows were added in all.' }),
      removed: t.expose('removed', { type: 'Int64', description: 'How many were removed.' }),
      changed: t.expose('changed', { type: 'Int64', description: 'How many were changed.' }),
      rows: t.field({
        type: [row],
        description: 'A page of them, in the order of their keys.',
        extensions: pageRows,
        resolve: ({ rows }) => [...rows],
      }),
    }),
  });
}

function addQuery(
  builder: Builder,
  table: ObjectRef<BuilderTypes, TablePage>,
  { asOf, entityName }: SharedInputs,
): void {
  const queried = builder.inputType('LakeTableInput', {
    description: 'A table that a query reads: a file, or a kind of record.',
    fields: (t) => ({
      name: t.string({
        required: true,
        description: 'How the SQL calls it: up to 63 letters, digits and “_”.',
      }),
      file: t.id({ description: `The id of a LakeFile (${formats}).` }),
      revision: t.int({
        description: 'Which revision of the file; the one in force without it.',
      }),
      entity: t.field({
        type: entityName,
        description:
          'A kind of record: its live records, a column per field, besides `id`, `revision`, ' +
          '`position`, `createdAt` and `updatedAt`.',
      }),
    }),
  });
  builder.queryField('lakeQuery', (t) =>
    t.field({
      type: table,
      description:
        'The answer to one SELECT, in DuckDB’s dialect, over files and over records as they stood at ' +
        'one position. It reads what `tables` names and you may see, and nothing else; it takes at ' +
        'most 10 seconds. Functions that answer differently when they are asked again (`now`, ' +
        '`random`) are refused.',
      args: {
        sql: t.arg.string({ required: true, description: 'One SELECT.' }),
        tables: t.arg({
          type: [queried],
          required: true,
          description: 'What it may read; up to 16.',
        }),
        first: t.arg.int({ defaultValue: 100, description: 'How many rows at most, up to 1,000.' }),
        asOf: t.arg({ type: asOf, description: 'As everything was at this moment.' }),
      },
      extensions: tableWork,
      resolve: (_root, args, { operation }) => queryLake(args, operation),
    }),
  );
}
