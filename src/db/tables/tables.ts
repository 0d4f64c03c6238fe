/**
 * Files and records as tables. They are read and asked in processes of their own, each in a DuckDB that
 * knows nothing but the tables that it is asked about.
 */
import { limits } from '../shared/limits.ts';
import { BadRequest, BadTable, StorageFull, TableLimitExceeded } from '../shared/problems.ts';
import type { Question, TableColumn, TableFile, TableRow } from './question.ts';
import { TableFiles } from './table-files.ts';
import { type RawAnswer, TableFailure } from './table-process.ts';
import { TableProcesses } from './table-processes.ts';
import type { TableSource } from './table-source.ts';

/** A table, and how it is called in SQL and messages. */
export interface NamedTable {
  readonly name: string;
  readonly source: TableSource;
}

export interface TablePage {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** How many there are in all. */
  readonly totalRows: number;
}

type RowChange = 'ADDED' | 'REMOVED' | 'CHANGED';

/** What became of the row that a key names; a side that it is not on is null. */
export interface RowDiff {
  readonly kind: RowChange;
  readonly key: TableRow;
  readonly before: TableRow | null;
  readonly after: TableRow | null;
}

export interface TableDiff {
  readonly columns: readonly TableColumn[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly rows: readonly RowDiff[];
}

/** Which rows: so many at most, after so many. */
export interface RowWindow {
  readonly first: number;
  readonly offset: number;
}

export class Tables {
  readonly #processes = new TableProcesses();
  readonly #files: TableFiles;
  readonly #onFault: (error: unknown) => void;

  /**
   * @param directory where tables that were read are kept, until this is closed.
   * @param onFault told of processes that failed.
   */
  constructor(directory: string, onFault: (error: unknown) => void) {
    this.#onFault = onFault;
    this.#files = new TableFiles(directory, (conversion, signal) =>
      this.#ask(conversion, 'tableReadTimeMaxMs', signal),
    );
  }

  /** What tables that were read take on disk, in bytes. */
  get bytes(): number {
    return this.#files.bytes;
  }

  /** Rows of a table, as they lie in it. @throws BadTable, TableLimitExceeded, BadRequest. */
  page(table: NamedTable, window: RowWindow, signal: AbortSignal): Promise<TablePage> {
    return this.#over([table], signal, ([file]) => ({
      kind: 'page',
      table: file as TableFile,
      ...window,
    })).then(pageOf);
  }

  /**
   * The answer to one SELECT over tables.
   * @param first how many of its rows.
   * @throws BadRequest for what is no such SELECT; BadTable, TableLimitExceeded.
   */
  select(
    sql: string,
    tables: readonly NamedTable[],
    first: number,
    signal: AbortSignal,
  ): Promise<TablePage> {
    return this.#over(tables, signal, (files) => ({
      kind: 'select',
      sql,
      tables: files,
      first,
    })).then(pageOf);
  }

  /**
   * What rows two tables differ in, in the order of their key.
   * @param key columns that name a row.
   * @throws BadRequest for a key that does not; BadTable, TableLimitExceeded.
   */
  async diff(
    from: NamedTable,
    to: NamedTable,
    key: readonly string[],
    window: RowWindow,
    signal: AbortSignal,
  ): Promise<TableDiff> {
    const { columns, rows, counts } = await this.#over([from, to], signal, ([before, after]) => ({
      kind: 'diff',
      from: before as TableFile,
      to: after as TableFile,
      key,
      ...window,
    }));
    const { added = 0, removed = 0, changed = 0 } = counts;
    return { columns, added, removed, changed, rows: rows.map(rowDiffOf) };
  }

  /** Forgets tables that were read: some of what they hold was erased. */
  clear(): void {
    this.#processes.replace();
    this.#files.clear();
  }

  /** Ends what is asked, and removes what was kept. */
  close(): void {
    this.#processes.close();
    this.#files.close();
  }

  async #over(
    tables: readonly NamedTable[],
    signal: AbortSignal,
    questionOf: (files: readonly TableFile[]) => Question,
  ): Promise<RawAnswer> {
    const sources = tables.map(({ source }) => source);
    try {
      return await this.#files.use(sources, signal, (paths) => {
        const files = tables.map(({ name }, index) => ({ name, path: paths[index] as string }));
        return this.#ask(questionOf(files), 'tableQueryTimeMaxMs', signal);
      });
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? full(error) : error;
    }
  }

  async #ask(
    question: Question,
    time: 'tableReadTimeMaxMs' | 'tableQueryTimeMaxMs',
    signal: AbortSignal,
  ): Promise<RawAnswer> {
    try {
      return await this.#processes.ask(question, limits[time], signal);
    } catch (error) {
      throw error instanceof TableFailure ? this.#problemOf(error, time) : error;
    }
  }

  #problemOf({ kind, message, argument }: TableFailure, time: keyof typeof limits): Error {
    switch (kind) {
      case 'question':
        return new BadRequest(argument ?? 'sql', message);
      case 'table':
        return new BadTable(message);
      case 'time':
        return exceeded(time, 'It takes longer than it may, in milliseconds.');
      case 'memory':
        return exceeded('tableMemoryMaxMb', 'It takes more memory than it may, in megabytes.');
      case 'storage':
        return full(message);
      case 'answer':
        return exceeded('tableAnswerBytesMax', message);
      case 'process':
        this.#onFault(new Error(`A question about tables failed. ${message}`));
        return new BadTable('It cannot be read or asked: whatever tries to fails.');
    }
  }
}

function exceeded(limit: keyof typeof limits, message: string): TableLimitExceeded {
  return new TableLimitExceeded(limit, limits[limit], message);
}

function full(cause: unknown): StorageFull {
  return new StorageFull('The disk is full: no table can be read. Make room on it.', { cause });
}

function pageOf({ columns, rows, counts }: RawAnswer): TablePage {
  return { columns, rows, totalRows: counts.totalRows ?? rows.length };
}

function rowDiffOf([kind, key, before, after]: TableRow): RowDiff {
  return {
    kind: kind as RowChange,
    key: key as TableRow,
    before: before as TableRow | null,
    after: after as TableRow | null,
  };
}
