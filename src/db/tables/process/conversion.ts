/** Texts become Parquet once: what is asked of them then reads only the columns that it needs. */
import { rm } from 'node:fs/promises';
import { quotedName, quotedText } from '../../shared/sql-text.ts';
import type { Conversion } from '../question.ts';
import { failureOf } from './failure.ts';
import type { LockedDatabase } from './locked-database.ts';
import { writeSheet } from './sheets.ts';

/** Largest value of a JSON file that is read as one. */
const objectBytesMax = 16 * 1024 * 1024;

/** Makes Parquet of a text. @throws Failure for one that is no table. */
export async function convert(conversion: Conversion, database: LockedDatabase): Promise<void> {
  const { from, to, format } = conversion;
  const sheet = format === 'xlsx' ? `${to}.ndjson` : null;
  try {
    if (sheet) await writeSheet(from.path, sheet, conversion.sheet);
    const path = sheet ?? from.path;
    await database.lock([path, to]);
    const target = '(format parquet, row_group_size 122880)';
    const found = { ...conversion, from: { ...from, path } };
    const delimiter = format === 'csv' ? await missedDelimiter(database, found) : null;
    const select = selectOf(found, delimiter);
    await database.connection.run(`copy (${select}) to ${quotedText(to)} ${target}`);
  } catch (error) {
    const copies = [sheet, to].flatMap((path) => (path ? [{ name: from.name, path }] : []));
    throw failureOf(error, 'table', [...copies, from]);
  } finally {
    if (sheet) await rm(sheet, { force: true });
  }
}

/**
 * All rows are looked at before a column has a type: none that comes later contradicts it. No rows are
 * skipped for what DuckDB may take for a preamble: they would be missing, and nobody would be told.
 */
function selectOf({ from, format, columns }: Conversion, delimiter: string | null): string {
  const path = quotedText(from.path);
  switch (format) {
    case 'csv':
      return csvOf(path, delimiter);
    case 'tsv':
      return csvOf(path, '\t');
    default: {
      const lines = format === 'json' ? 'auto' : 'newline_delimited';
      const known = columns
        ? `columns = {${columns.map(({ name, type }) => `${quotedName(name)}: ${quotedText(type)}`).join(', ')}}`
        : 'sample_size = -1';
      return `select * from read_json(${path}, format = '${lines}', maximum_object_size = ${objectBytesMax}, ${known})`;
    }
  }
}

function csvOf(path: string, delimiter: string | null): string {
  const given = delimiter === null ? '' : `, delim = ${quotedText(delimiter)}`;
  return `select * from read_csv(${path}, sample_size = -1, skip = 0${given})`;
}

/**
 * Where rows are of different lengths, DuckDB takes them for a single column. Then it is told what
 * stands between the values, and says which row is wrong.
 */
async function missedDelimiter(
  { connection }: LockedDatabase,
  { from }: Conversion,
): Promise<string | null> {
  const path = quotedText(from.path);
  const sniffed = await connection.runAndReadAll(
    `select len(Columns), Columns[1].name from sniff_csv(${path}, sample_size = 2048, skip = 0)`,
  );
  const [count, name] = sniffed.getRows()[0] ?? [];
  if (Number(count) !== 1) return null;
  return /[,;|\t]/.exec(String(name))?.[0] ?? null;
}
