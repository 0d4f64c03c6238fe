/** Workbooks of Excel, a sheet of which becomes lines of JSON. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { SheetData } from 'read-excel-file/node';
import { Failure } from './failure.ts';

/**
 * Writes a sheet of a workbook as NDJSON. Its first row has the names of its columns.
 * @param sheet its name; the first one without.
 * @throws Failure for what is no workbook, or has no such sheet.
 */
export async function writeSheet(from: string, to: string, sheet: string | null): Promise<void> {
  // Loaded for workbooks alone: most processes never see one.
  const { default: readWorkbook } = await import('read-excel-file/node');
  const sheets = await readWorkbook(from).catch((error) => {
    throw new Failure('table', `It is no workbook that can be read: ${(error as Error).message}`);
  });
  const found = sheet === null ? sheets[0] : sheets.find((each) => each.sheet === sheet);
  if (!found) {
    const names = sheets.map((each) => JSON.stringify(each.sheet)).join(', ');
    const message = `must be one of ${names}, but was ${JSON.stringify(sheet)}.`;
    throw new Failure('question', message, 'sheet');
  }
  await writeRows(found.data, to);
}

async function writeRows([head = [], ...rows]: SheetData, to: string): Promise<void> {
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  const names = namesOf(Array.from({ length: width }, (_, index) => head[index] ?? null));
  const file = createWriteStream(to);
  for (const row of rows) {
    const values = names.map((name, index) => [name, cellOf(row[index] ?? null)]);
    if (!file.write(`${JSON.stringify(Object.fromEntries(values))}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

/** As DuckDB names columns of a CSV: those without a name by their place, equal ones with a number. */
function namesOf(head: readonly unknown[]): string[] {
  const names: string[] = [];
  for (const [index, cell] of head.entries()) {
    const name = cell === null ? `column${index}` : String(cellOf(cell));
    let unique = name;
    for (let count = 1; names.includes(unique); count += 1) unique = `${name}_${count}`;
    names.push(unique);
  }
  return names;
}

/** A date of Excel's is one of no time zone. */
function cellOf(cell: unknown): unknown {
  if (!(cell instanceof Date)) return cell;
  const text = cell.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, -1);
}
