/** What tables are called in SQL. */
import { isTable } from '../files/file-kinds.ts';
import type { LakeFile } from '../graphql/files.ts';
import type { QueriedTable } from '../graphql/tables.ts';

/** Kinds of records, which are tables as well. */
export const kinds: readonly QueriedTable[] = [
  { name: 'todos', entity: 'TODO' },
  { name: 'files', entity: 'LAKE_FILE' },
];

/** The longest name that the server takes. */
const nameLengthMax = 63;

/** Words of SQL that files are likely to be called by: `from order` is no query. */
const reserved =
  /^(?:all|as|asc|case|cast|check|column|create|desc|distinct|else|end|for|from|group|having|in|into|limit|not|null|offset|on|or|order|pivot|select|table|then|to|union|unique|using|when|where|window|with)$/;

/**
 * Those of some files that are tables, each by another name.
 * @param taken names that are not free; files among them keep theirs.
 */
export function namesFor(
  files: readonly LakeFile[],
  taken: readonly QueriedTable[],
): QueriedTable[] {
  const names = new Set(taken.map(({ name }) => name.toLowerCase()));
  return files.filter(isTable).map(({ id, filename }) => {
    const known = taken.find((table) => 'file' in table && table.file === id);
    if (known) return known;
    const word = wordOf(filename);
    let name = word;
    for (let number = 2; names.has(name.toLowerCase()); number += 1) name = `${word}_${number}`;
    names.add(name.toLowerCase());
    return { name, file: id };
  });
}

/** "flights-2k.json" is flights_2k. */
function wordOf(filename: string): string {
  const [base = ''] = filename.split('.');
  const word = base
    .normalize('NFKD')
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '')
    // Room for a number behind it.
    .slice(0, nameLengthMax - 5);
  return /^[a-z_]/i.test(word) && !reserved.test(word.toLowerCase()) ? word : `t_${word}`;
}

/** Those of some tables that a query speaks of. */
export function namedIn(sql: string, tables: readonly QueriedTable[]): QueriedTable[] {
  const words = new Set(sql.toLowerCase().match(/\w+/g) ?? []);
  return tables.filter(({ name }) => words.has(name.toLowerCase()));
}
