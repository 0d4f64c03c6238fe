/** A table before it is read: its bytes, and what they are. */
import type { KnownColumn, TextFormat } from './question.ts';

export type TableFormat = TextFormat | 'parquet';

export interface TableSource {
  /** Tells its bytes from any others: of a file their SHA-256. */
  readonly key: string;
  readonly format: TableFormat;
  /** Which sheet of a workbook; null for its first one. */
  readonly sheet: string | null;
  /** Its columns, where they are known beforehand. */
  readonly columns: readonly KnownColumn[] | null;
  readonly bytes: () => AsyncIterable<Uint8Array>;
}

const formats: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  geojson: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  xlsx: 'xlsx',
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'application/geo+json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
};

/** What a file may be read as, by what somebody said that it is, else by its name; null: no table. */
export function tableFormatOf(filename: string, filetype: string | null): TableFormat | null {
  const said = filetype?.split(';', 1)[0]?.trim().toLowerCase().replace(/^\./, '') ?? '';
  const unpacked = filename.toLowerCase().replace(/\.gz$/, '');
  const extension = /\.([a-z0-9]+)$/.exec(unpacked)?.[1] ?? '';
  return own(said) ?? own(extension);
}

function own(name: string): TableFormat | null {
  return (Object.hasOwn(formats, name) && formats[name]) || null;
}
