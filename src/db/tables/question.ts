/** What is asked of tables, what is answered, and how both travel between two processes. */

/** A file that a process reads: as Parquet, whatever it was. */
export interface TableFile {
  /** How SQL and messages call it. */
  readonly name: string;
  readonly path: string;
}

/** What a text holds that is made a table of. */
export type TextFormat = 'csv' | 'tsv' | 'json' | 'ndjson' | 'xlsx';

/** A column that is known beforehand: its name, and its type as DuckDB writes it. */
export interface KnownColumn {
  readonly name: string;
  readonly type: string;
}

/** Makes Parquet of a text. */
export interface Conversion {
  readonly kind: 'convert';
  readonly from: TableFile;
  readonly to: string;
  readonly format: TextFormat;
  /** Of a workbook; its first one without. */
  readonly sheet: string | null;
  /** Null where DuckDB finds them out. */
  readonly columns: readonly KnownColumn[] | null;
}

/** Rows of a table as they lie in it. */
export interface PageQuestion {
  readonly kind: 'page';
  readonly table: TableFile;
  readonly first: number;
  readonly offset: number;
}

/** One SELECT over tables. */
export interface SelectQuestion {
  readonly kind: 'select';
  readonly sql: string;
  readonly tables: readonly TableFile[];
  readonly first: number;
}

/** What rows of two tables differ in, told by the columns that name a row. */
export interface DiffQuestion {
  readonly kind: 'diff';
  readonly from: TableFile;
  readonly to: TableFile;
  readonly key: readonly string[];
  readonly first: number;
  readonly offset: number;
}

export type Question = Conversion | PageQuestion | SelectQuestion | DiffQuestion;

export interface TableColumn {
  readonly name: string;
  /** As DuckDB writes it: `BIGINT`, `VARCHAR`, `STRUCT(a DATE)` … */
  readonly type: string;
}

/** A row: a JSON value for each column. */
export type TableRow = readonly unknown[];

/** What an answer comes to besides its rows; each question has its own counts. */
export interface AnswerCounts {
  readonly totalRows: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** Why there is no answer, and whose doing that is. */
export type FailureKind =
  /** The table cannot be read. */
  | 'table'
  /** The SQL, or another argument, cannot be. */
  | 'question'
  /** More memory, or a larger answer, than a question may have. */
  | 'memory'
  | 'answer'
  /** There is no room on the disk. */
  | 'storage'
  /** The process failed. */
  | 'process';

/**
 * What a process says: that it is ready, then for each question rows and their end, or a failure, with
 * the memory that it holds then.
 */
export type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'columns'; readonly columns: readonly TableColumn[] }
  | { readonly type: 'rows'; readonly rows: readonly TableRow[] }
  | { readonly type: 'end'; readonly counts: Partial<AnswerCounts>; readonly residentMb: number }
  | {
      readonly type: 'failure';
      readonly kind: FailureKind;
      readonly message: string;
      /** The argument that is wrong, where one is. */
      readonly argument: string | null;
      readonly residentMb: number;
    };

/** What a process ends with when it holds more memory than it may. */
export const memoryExitCode = 77;
