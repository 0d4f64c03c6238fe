/** What kinds of fields are in DuckDB wherever somebody else reads them: in files, and in SQL of clients. */
import type { FieldKind } from '../../entities/index.ts';

export const duckdbTypes: Readonly<Record<FieldKind, string>> = {
  id: 'VARCHAR',
  text: 'VARCHAR',
  int: 'INTEGER',
  int64: 'BIGINT',
  dateTime: 'TIMESTAMPTZ',
  float: 'DOUBLE',
  boolean: 'BOOLEAN',
  labels: 'VARCHAR[]',
};
