/** Giving DuckDB what a statement inserts as texts. */
import type { DuckDBPreparedStatement } from '@duckdb/node-api';

/** Binds all parameters of a statement, in order. */
export function bindTexts(
  statement: DuckDBPreparedStatement,
  values: readonly (string | null)[],
): void {
  for (const [index, value] of values.entries()) {
    if (value === null) statement.bindNull(index + 1);
    else statement.bindVarchar(index + 1, value);
  }
}
