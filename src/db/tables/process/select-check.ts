/**
 * What one may write as SQL: a single SELECT over the tables at hand, of functions that work out the
 * same whenever they are asked. DuckDB is locked besides; this says no before it is asked, and says why.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quotedText } from '../../shared/sql-text.ts';
import { Failure } from './failure.ts';

/** Functions that give rows, out of their arguments alone. */
const tableFunctions: ReadonlySet<string> = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'unnest',
]);

/**
 * Functions that tell of the database instead of their arguments, though DuckDB calls them consistent,
 * or are macros, of which it does not say what they are.
 */
const tellsOfDatabase =
  /^(ago|current_.*|col_description|obj_description|shobj_description|getvariable|get_block_size|has_.*_privilege|inet_.*|json_(de)?serialize_.*|pg_.*|session_user|sql_auto_complete|user|which_secret|parse_duckdb_log_message)$/;

/** Macros of PostgreSQL's names that work out of their arguments. */
const harmless: ReadonlySet<string> = new Set(['pg_size_pretty', 'pg_typeof']);

/** Names that DuckDB takes for functions without arguments where no column is called so. */
const impliedFunctions =
  /^(current_.*|localtime|localtimestamp|session_user|user|get_current_.*|now|today)$/;

const tableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What DuckDB makes of a SELECT; it is walked as it is, whatever else it has. */
type Node = Readonly<Record<string, unknown>>;

/**
 * @param tables the names that may be read, in lower case.
 * @throws Failure for anything else than one SELECT over them.
 */
export async function checkSelect(
  connection: DuckDBConnection,
  sql: string,
  tables: ReadonlySet<string>,
): Promise<void> {
  const select = await parse(connection, sql);
  const known = new Set([...tables, ...(await temporaryTables(connection, select))]);
  for (const node of nodesOf(select)) {
    refuseTable(node, known);
    await refuseFunction(connection, node);
  }
}

async function parse(connection: DuckDBConnection, sql: string): Promise<Node> {
  // DuckDB reads SQL up to there.
  if (sql.includes('\0')) refuse('cannot be read: it holds a NUL.');
  const reader = await connection.runAndReadAll(`select json_serialize_sql(${quotedText(sql)})`);
  const parsed = JSON.parse(reader.getRows()[0]?.[0] as string) as {
    readonly error: boolean;
    readonly error_type?: string;
    readonly error_message?: string;
    readonly statements?: readonly { readonly node: Node }[];
  };
  if (parsed.error) {
    const why =
      parsed.error_type === 'not implemented'
        ? 'must be one SELECT, but was something else.'
        : `cannot be read: ${parsed.error_message ?? 'DuckDB does not say why'}`;
    return refuse(why);
  }
  const [first, ...others] = parsed.statements ?? [];
  if (!first) return refuse('must be one SELECT, but was nothing.');
  if (others.length > 0)
    return refuse(`must be one SELECT, but had ${others.length + 1} statements.`);
  return first.node;
}

/** Every object within a tree, the tree included. */
function* nodesOf(tree: unknown): Generator<Node, void> {
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) yield next as Node;
    left.push(...Object.values(next));
  }
}

/**
 * The names that WITH gives. One that is the name of something of DuckDB's own would lead there outside
 * of where WITH gave it.
 */
async function temporaryTables(connection: DuckDBConnection, select: Node): Promise<string[]> {
  const names: string[] = [];
  for (const { cte_map: given } of nodesOf(select)) {
    const { map = [] } = (given ?? {}) as { readonly map?: readonly { readonly key: string }[] };
    names.push(...map.map(({ key }) => key.toLowerCase()));
  }
  for (const name of new Set(names)) {
    if (!tableName.test(name)) {
      refuse(
        `gives ${JSON.stringify(name)} a meaning by WITH, but such names are letters, digits and "_".`,
      );
    }
    if (await isTaken(connection, name))
      refuse(`gives "${name}" a meaning by WITH, but it has one.`);
  }
  return names;
}

async function isTaken(connection: DuckDBConnection, name: string): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    `select 1 from duckdb_views() where internal and schema_name in ('main', 'pg_catalog')
      and lower(view_name) = ${quotedText(name)} limit 1`,
  );
  return reader.currentRowCount > 0;
}

const tableTypes: ReadonlySet<unknown> = new Set([
  'BASE_TABLE',
  'EMPTY',
  'EXPRESSION_LIST',
  'JOIN',
  'PIVOT',
  'SHOW_REF',
  'SUBQUERY',
  'TABLE_FUNCTION',
]);

/** What follows FROM. @throws Failure for what is not at hand. */
function refuseTable(node: Node, tables: ReadonlySet<string>): void {
  if (node.class !== undefined || !('sample' in node) || !('type' in node)) return;
  // Of a SELECT itself: whatever it takes a part of.
  if (node.sample) refuse('takes a sample, but is to answer the same whenever it is asked.');
  if ('select_list' in node) return;
  if (!tableTypes.has(node.type)) refuse(`reads from ${String(node.type)}, which is not allowed.`);
  if (node.at_clause) refuse('has an AT, but `asOf` says at which moment it is answered.');
  if (node.type === 'BASE_TABLE') refuseName(node, tables);
  if (node.type === 'SHOW_REF' && !node.query) {
    refuse('shows what the database has, but one can only DESCRIBE or SUMMARIZE a table at hand.');
  }
  const { function: called } = node as { readonly function?: Node };
  if (called && !tableFunctions.has(String(called.function_name).toLowerCase())) {
    refuse(`reads from the function ${called.function_name}, which is not allowed.`);
  }
}

function refuseName(
  { schema_name: schema, catalog_name: catalog, table_name: name }: Node,
  tables: ReadonlySet<string>,
): void {
  const isAtHand = !schema && !catalog && tables.has(String(name).toLowerCase());
  if (isAtHand) return;
  const whole = [catalog, schema, name].filter(Boolean).join('.');
  refuse(`reads ${JSON.stringify(whole)}, which is none of the tables that \`tables\` names.`);
}

async function refuseFunction(connection: DuckDBConnection, node: Node): Promise<void> {
  if (node.class === 'COLUMN_REF') {
    const names = node.column_names as readonly string[];
    if (names.length === 1 && impliedFunctions.test((names[0] as string).toLowerCase())) {
      refuseUnsteady(names[0] as string);
    }
    return;
  }
  if (node.class === 'PARAMETER') refuse('has a parameter, and none can be given.');
  const { function_name: name } = node;
  if (typeof name !== 'string') return;
  const called = name.toLowerCase();
  // What the parser puts there by itself is of `main`.
  if (node.catalog || (node.schema && node.schema !== 'main')) {
    refuse(`calls ${called} of another schema.`);
  }
  if (tableFunctions.has(called) || harmless.has(called)) return;
  const steady = await functionsOf(connection);
  if (!steady.has(called)) refuse(`calls ${called}, but there is no such function.`);
  const isAgeToday = called === 'age' && (node.children as readonly unknown[]).length === 1;
  if (!steady.get(called) || tellsOfDatabase.test(called) || isAgeToday) refuseUnsteady(called);
}

function refuseUnsteady(name: string): never {
  return refuse(
    `calls ${name}, but may call only functions that answer by what they are given: the same is to be answered whenever it is asked.`,
  );
}

let known: ReadonlyMap<string, boolean> | null = null;

/** The functions that there are, and whether DuckDB calls them consistent; of macros it does not say. */
async function functionsOf(connection: DuckDBConnection): Promise<ReadonlyMap<string, boolean>> {
  if (known) return known;
  const reader = await connection.runAndReadAll(
    `select lower(function_name), bool_and(function_type = 'macro' or stability = 'CONSISTENT')
      from duckdb_functions()
      where function_type in ('scalar', 'aggregate', 'macro')
      group by 1`,
  );
  const listed = reader
    .getRows()
    .map(([name, isSteady]) => [name as string, isSteady as boolean] as const);
  known = new Map([...listed, ...windowFunctions.map((name) => [name, true] as const)]);
  return known;
}

/** DuckDB lists them with no others. */
const windowFunctions = [
  'row_number',
  'rank',
  'dense_rank',
  'rank_dense',
  'percent_rank',
  'cume_dist',
  'ntile',
  'lag',
  'lead',
  'first_value',
  'last_value',
  'nth_value',
  'fill',
  'coalesce',
];

function refuse(why: string): never {
  throw new Failure('question', why, 'sql');
}
