/** Files as tables: their rows, what two revisions of one differ in, and SQL over them and over records. */
import {
  BadRequest,
  limits,
  type NamedTable,
  type RowWindow,
  type TableDiff,
  type TablePage,
  tableFormatOf,
} from '../db/index.ts';
import { type Entity, LakeFile, type Position, type Version } from '../entities/index.ts';
import { type AsOf, type Moment, momentOf } from './as-of.ts';
import { ofLakeFile } from './downloads.ts';
import { type DiffArgs, readRevisions } from './field-changes.ts';
import { contentsOf } from './files.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';

type FileAt = RecordAt<typeof LakeFile>;

interface WindowArgs {
  readonly first?: number | null | undefined;
  readonly offset?: number | null | undefined;
}

/** Rows where nothing is said. */
const firstDefault = 100;

/**
 * The rows of a file that is a table; null where it is none.
 * @param args sheet: which one of a workbook; its first one without.
 * @throws BadTable, TableLimitExceeded, BadRequest.
 */
export async function readTable(
  { version }: FileAt,
  args: WindowArgs & { readonly sheet?: string | null | undefined },
  operation: Operation,
): Promise<TablePage | null> {
  const window = windowOf(args);
  const table = fileTable(version, 'The file', args.sheet ?? null, operation);
  return table && (await operation.view.tables.page(table, window, operation.leaving));
}

/**
 * Rows that were added, removed or changed between two revisions of a file; null where either is no table.
 * @param args key: the columns that name a row.
 * @throws BadRequest for revisions, or a key, that cannot be; BadTable, TableLimitExceeded.
 */
export async function diffTable(
  file: FileAt,
  args: DiffArgs & WindowArgs & { readonly key: readonly string[] },
  operation: Operation,
): Promise<TableDiff | null> {
  const { key } = args;
  const window = windowOf(args);
  if (key.length === 0)
    throw new BadRequest('key', 'must name at least one column, but was empty.');
  const different = new Set(key.map((name) => name.toLowerCase()));
  if (different.size < key.length) {
    throw new BadRequest('key', `must name each column once, but was ${JSON.stringify(key)}.`);
  }
  const [from, to] = (await readRevisions(file, args, operation)).map((version) =>
    fileTable(version, `revision ${version.revision}`, null, operation),
  );
  if (!from || !to) return null;
  return await operation.view.tables.diff(from, to, key, window, operation.leaving);
}

/** A table of a query, as a client names it: a file, or a kind of record. */
interface QueriedTable {
  readonly name: string;
  readonly file?: string | null | undefined;
  readonly revision?: number | null | undefined;
  readonly entity?: Entity | null | undefined;
}

export interface QueryArgs {
  readonly sql: string;
  readonly tables: readonly QueriedTable[];
  readonly first?: number | null | undefined;
  readonly asOf?: AsOf | null | undefined;
}

/**
 * The answer to one SELECT over files and records, all as they stood at one position.
 * @throws BadRequest for a table that there is not, or what is no such SELECT; BadTable,
 *   TableLimitExceeded.
 */
export async function queryLake(args: QueryArgs, operation: Operation): Promise<TablePage> {
  const { first } = windowOf(args);
  refuseLarge(args);
  const moment = await momentOf(args.asOf, operation);
  const tables: NamedTable[] = [];
  for (const [index, asked] of args.tables.entries()) {
    refuseName(asked, index, args.tables);
    tables.push(await tableOf(asked, `tables.${index}`, moment, operation));
  }
  return await operation.view.tables.select(args.sql, tables, first, operation.leaving);
}

async function tableOf(
  { name, file, revision, entity }: QueriedTable,
  argument: string,
  { at, reads }: Moment,
  operation: Operation,
): Promise<NamedTable> {
  if ((file == null) === (entity == null)) {
    throw new BadRequest(argument, 'must name either a file or an entity.');
  }
  if (entity != null) {
    if (revision != null)
      throw new BadRequest(`${argument}.revision`, 'may be given for a file alone.');
    return { name, source: await reads.recordsTable(entity, at) };
  }
  const id = file as string;
  reads.dependOnRecord(LakeFile, id, at);
  const version = await fileAt(id, revision ?? null, at, operation);
  if (!version) {
    const what = revision == null ? 'a file' : `a file with a revision ${revision}`;
    const message = `must be the id of ${what} at position ${at}, but was ${JSON.stringify(id)}.`;
    throw new BadRequest(`${argument}.file`, message);
  }
  const table = fileTable(version, name, null, operation);
  if (table) return table;
  const { filename } = version.values;
  const message = `must be a table (${tableKinds}), but ${JSON.stringify(filename)} is none by its name and filetype.`;
  throw new BadRequest(`${argument}.file`, message);
}

const tableKinds = 'CSV, TSV, JSON, NDJSON, Parquet, XLSX';

/** What a file was at a position, or a revision that it had by then; null for what is not seen. */
async function fileAt(
  id: string,
  revision: number | null,
  at: Position,
  { view: { records, entities } }: Operation,
): Promise<Version<typeof LakeFile> | null> {
  if (!entities.includes(LakeFile)) return null;
  if (revision === null) {
    const version = await records.record(LakeFile, { id, at });
    return version?.operation === 'DELETE' ? null : version;
  }
  const version = revision < 1 ? null : await records.revision(LakeFile, id, revision);
  return version && version.position <= at ? version : null;
}

/** A version of a file as a table; null where it is none. */
function fileTable(
  version: Version,
  name: string,
  sheet: string | null,
  operation: Operation,
): NamedTable | null {
  const stored = ofLakeFile(version as Version<typeof LakeFile>);
  const format = stored && tableFormatOf(stored.filename, stored.filetype);
  if (!format) return null;
  if (sheet !== null && format !== 'xlsx') {
    throw new BadRequest('sheet', `may be given for a workbook alone, but this is ${format}.`);
  }
  const bytes = () => contentsOf(stored, operation);
  return { name, source: { key: stored.sha256, format, sheet, columns: null, bytes } };
}

function windowOf({ first, offset }: WindowArgs): RowWindow {
  const window = { first: first ?? firstDefault, offset: offset ?? 0 };
  if (window.first < 0 || window.first > limits.pageRowsMax) {
    const message = `must be from 0 to ${limits.pageRowsMax}, but was ${window.first}.`;
    throw new BadRequest('first', message);
  }
  if (window.offset < 0) {
    throw new BadRequest('offset', `must not be negative, but was ${window.offset}.`);
  }
  return window;
}

function refuseLarge({ sql, tables }: QueryArgs): void {
  const { tableSqlLengthMax, queriedTablesMax } = limits;
  if (sql.length > tableSqlLengthMax) {
    const message = `may be at most ${tableSqlLengthMax} characters long, but was ${sql.length}.`;
    throw new BadRequest('sql', message);
  }
  if (tables.length > queriedTablesMax) {
    const message = `may be at most ${queriedTablesMax}, but were ${tables.length}.`;
    throw new BadRequest('tables', message);
  }
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

function refuseName({ name }: QueriedTable, index: number, all: readonly QueriedTable[]): void {
  const argument = `tables.${index}.name`;
  if (!namePattern.test(name)) {
    const message = `must be up to 63 letters, digits and "_", and begin with no digit, but was ${JSON.stringify(name.slice(0, 80))}.`;
    throw new BadRequest(argument, message);
  }
  const isSame = (other: QueriedTable) => other.name.toLowerCase() === name.toLowerCase();
  if (all.findIndex(isSame) !== index) {
    throw new BadRequest(argument, `must be no other table’s as well, but was ${name}.`);
  }
}
