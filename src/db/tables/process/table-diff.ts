/** Which rows two tables differ in. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quotedName } from '../../shared/sql-text.ts';
import type { AnswerCounts, DiffQuestion, TableColumn } from '../question.ts';
import { type AnswerSender, columnsOf } from './answers.ts';
import { Failure, failureOf } from './failure.ts';
import { jsonValue } from './json-values.ts';

/** The sides of a row that both tables may have. */
const sides = ['before', 'after'] as const;

/**
 * Sends the rows that were added, removed or changed, in the order of their keys: each as its kind,
 * its key, and what it was before and after. A column that only one table has is null in the other.
 * @returns how many of each there are.
 * @throws Failure for a key that is none.
 */
export async function sendDiff(
  connection: DuckDBConnection,
  question: DiffQuestion,
  sender: AnswerSender,
): Promise<Partial<AnswerCounts>> {
  const { from, to, key, first, offset } = question;
  const before = await columnsIn(connection, from.name);
  const after = await columnsIn(connection, to.name);
  const names = keyNames(key, before, after);
  try {
    // By name, so that both have the same columns, of types that hold the values of both.
    await connection.run(`create temp table _both as
      select 0 as _side, * from ${quotedName(from.name)} union all by name
      select 1 as _side, * from ${quotedName(to.name)}`);
    await refuseTwice(connection, names, question);
    const columns = (await columnsIn(connection, '_both')).filter(({ name }) => name !== '_side');
    await connection.run(diffTable(columns, names));
    sender.columns(columns);
    await sendPage(connection, columns, names, { first, offset }, sender);
    return await countsOf(connection);
  } catch (error) {
    throw failureOf(error, 'table', [from, to]);
  }
}

async function columnsIn(connection: DuckDBConnection, table: string): Promise<TableColumn[]> {
  return columnsOf(await connection.run(`select * from ${quotedName(table)} limit 0`));
}

/** The columns of the key as the tables write them. */
function keyNames(
  key: readonly string[],
  before: readonly TableColumn[],
  after: readonly TableColumn[],
): string[] {
  const find = (columns: readonly TableColumn[], name: string) =>
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  return key.map((name) => {
    const found = find(before, name);
    if (found && find(after, name)) return found.name;
    const all = before.filter((column) => find(after, column.name)).map((column) => column.name);
    return refuse(
      `must name columns that both revisions have (${all.join(', ')}), but named ${JSON.stringify(name)}.`,
    );
  });
}

/** A key names one row of each table, or nothing can be said of what became of it. */
async function refuseTwice(
  connection: DuckDBConnection,
  names: readonly string[],
  { from, to }: DiffQuestion,
): Promise<void> {
  const key = names.map(quotedName).join(', ');
  const reader = await connection.runAndReadAll(
    `select _side, count(*), ${key} from _both group by _side, ${key} having count(*) > 1 limit 1`,
  );
  const [twice] = reader.getRows();
  if (!twice) return;
  const [side, count, ...values] = twice.map(jsonValue);
  const table = side === 0 ? from.name : to.name;
  refuse(
    `must name each row, but ${count} rows of ${table} have ${names.join(', ')} = ${JSON.stringify(values).slice(1, -1)}. Name further columns.`,
  );
}

/** Whole rows as structs, before and after, beside their key. */
function diffTable(columns: readonly TableColumn[], names: readonly string[]): string {
  const others = columns.filter(({ name }) => !names.includes(name));
  const struct = (table: string) =>
    `struct_pack(${columns.map(({ name }, index) => `c${index} := ${table}.${quotedName(name)}`).join(', ')})`;
  const same = names.map(
    (name) => `b.${quotedName(name)} is not distinct from a.${quotedName(name)}`,
  );
  const key = names.map(
    (name, index) =>
      `case when a._side is null then b.${quotedName(name)} else a.${quotedName(name)} end as k${index}`,
  );
  const differs = others.map(
    ({ name }) => `b.${quotedName(name)} is distinct from a.${quotedName(name)}`,
  );
  return `create temp table _diff as
    select
      case when b._side is null then 'ADDED' when a._side is null then 'REMOVED' else 'CHANGED' end as kind,
      ${key.join(', ')},
      case when b._side is not null then ${struct('b')} end as before,
      case when a._side is not null then ${struct('a')} end as after
    from (select * from _both where _side = 0) as b
    full join (select * from _both where _side = 1) as a on ${same.join(' and ')}
    where b._side is null or a._side is null${differs.map((each) => ` or ${each}`).join('')}`;
}

async function sendPage(
  connection: DuckDBConnection,
  columns: readonly TableColumn[],
  names: readonly string[],
  { first, offset }: Pick<DiffQuestion, 'first' | 'offset'>,
  sender: AnswerSender,
): Promise<void> {
  const keys = names.map((_, index) => `k${index}`);
  const cells = sides.flatMap((side) => columns.map((_, index) => `${side}.c${index}`));
  const reader = await connection.runAndReadAll(
    `select kind, before is not null, after is not null, ${[...keys, ...cells].join(', ')}
      from _diff order by ${keys.join(', ')} limit ${first} offset ${offset}`,
  );
  for (const values of reader.getRows()) {
    const [kind, isBefore, isAfter, ...rest] = values.map(jsonValue);
    const width = columns.length;
    const key = rest.slice(0, keys.length);
    const [was, is] = [
      rest.slice(keys.length, keys.length + width),
      rest.slice(keys.length + width),
    ];
    sender.row([kind, key, isBefore ? was : null, isAfter ? is : null]);
  }
}

async function countsOf(connection: DuckDBConnection): Promise<Omit<AnswerCounts, 'totalRows'>> {
  const reader = await connection.runAndReadAll('select kind, count(*) from _diff group by kind');
  const counts = new Map(reader.getRows().map(([kind, count]) => [kind, Number(count)]));
  return {
    added: counts.get('ADDED') ?? 0,
    removed: counts.get('REMOVED') ?? 0,
    changed: counts.get('CHANGED') ?? 0,
  };
}

function refuse(why: string): never {
  throw new Failure('question', why, 'key');
}
