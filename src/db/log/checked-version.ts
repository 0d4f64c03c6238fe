/**
 * Versions as they are read from the log, each compared with its own digests: what a disk or another
 * program has changed there is not served as if it had been written.
 */
import { type AliasedRawBuilder, sql } from 'kysely';
import { type Entity, fieldColumnsOf, type ValuesOf, type Version } from '../../entities/index.ts';
import { HistoryDamaged } from '../shared/problems.ts';
import { contentsText, linkText, sha256OfHex } from './digest.ts';
import { areBlank } from './erased-version.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { readLoggedKinds, readVersionTables, shapeOf } from './sqlite/logged-kinds.ts';
import { given, type RawRow } from './sqlite/statement.ts';
import { columnsOfVersion, type SharedColumn, versionOfRaw } from './sqlite/version-row.ts';

/** What `checkedVersion` reads of a row: the columns of its version, and then its evidence. */
type CheckedColumn = SharedColumn | AliasedRawBuilder<string, 'evidence'>;

/**
 * The columns that `checkedVersion` takes, in their order.
 * @param alias what the entity's table is called in the query.
 */
export function checkedColumns(
  log: LogFile,
  entity: Entity,
  alias: string = entity.table,
): CheckedColumn[] {
  return [...columnsOfVersion(entity), evidenceOf(readVersionTables(log), entity, alias)];
}

/**
 * The version that a row of `checkedColumns` holds.
 * @throws HistoryDamaged when it is not as it was written.
 */
export function checkedVersion<E extends Entity>(log: LogFile, entity: E, row: RawRow): Version<E> {
  return goodVersion(log, entity, row) ?? lookAgain(log, entity, row[0] as number);
}

/** The same of a row by the names of its columns. */
export function checkedVersionOfRow<E extends Entity>(
  log: LogFile,
  entity: E,
  row: Readonly<Record<string, unknown>>,
): Version<E> {
  const columns = [...columnsOfVersion(entity), 'evidence'];
  return checkedVersion(
    log,
    entity,
    columns.map((column) => row[column]),
  );
}

/** Of a digest in hexadecimal. */
const digestLength = 64;
/** Stands for a digest of what is not there, as before the first version. */
const noDigest = '0'.repeat(digestLength);

/**
 * What a version is compared with: the digests of its contents, of itself, of the version before it in
 * the log and of its transaction, and its salt. All in one text, in hexadecimal: to hand over five
 * blobs takes longer than to compare them.
 */
function evidenceOf(
  versionTables: readonly string[],
  entity: Entity,
  alias: string,
): AliasedRawBuilder<string, 'evidence'> {
  const own = (column: string) => sql.ref(`${alias}.${column}`);
  // The version before is of the same kind more often than not.
  const tables = new Set([entity.table, ...versionTables]);
  const before = [...tables].map(
    (table) => sql`(
      select earlier.digest from ${sql.table(table)} as earlier
      where earlier.position = ${own('position')} - 1
    )`,
  );
  const about = sql`(
    select about.contents_digest from transactions as about
    where about.id = ${own('transaction_id')}
  )`;
  const nothing = sql`zeroblob(${sql.lit(digestLength / 2)})`;
  return sql<string>`lower(hex(
    ${own('contents_digest')} || ${own('digest')} || coalesce(${sql.join(before)}, ${nothing})
    || coalesce(${about}, ${nothing}) || ${own('salt')}))`.as('evidence');
}

/** The version of a row; null where it is not as its evidence demands. */
function goodVersion<E extends Entity>(log: LogFile, entity: E, row: RawRow): Version<E> | null {
  const version = readVersion(entity, row);
  const evidence = row.at(-1) as string;
  const contents = evidence.slice(0, digestLength);
  const beforeAndAbout = evidence.slice(2 * digestLength, 4 * digestLength);
  const salt = evidence.slice(4 * digestLength);
  if (!version || !hasContents(version, row, salt, contents)) return null;
  // Who makes a transaction and why is written last: of one that is under way it is not known yet.
  if (log.inTransaction && beforeAndAbout.endsWith(noDigest)) return version;
  const link = sha256OfHex(beforeAndAbout + contents, linkText(version));
  return link === evidence.slice(digestLength, 2 * digestLength) ? version : null;
}

/** Null where no version can be made of the row: of a list that is no JSON any more, say. */
function readVersion<E extends Entity>(entity: E, row: RawRow): Version<E> | null {
  try {
    return versionOfRaw(entity, row);
  } catch {
    return null;
  }
}

/** Whether a version holds what was written; nothing, where it was erased. */
function hasContents(
  { entity, id, values }: Version,
  row: RawRow,
  salt: string,
  contents: string,
): boolean {
  if (salt !== '') return sha256OfHex(salt, contentsText(entity, id, values)) === contents;
  return areBlank(entity, row.slice(-1 - fieldColumnsOf(entity).length, -1));
}

/**
 * Another process may have given the kind a field, or the log a kind, since it was opened here: before
 * a version counts as damaged it is looked at with all that the log knows now.
 */
function lookAgain<E extends Entity>(log: LogFile, entity: E, position: number): Version<E> {
  const kinds = readLoggedKinds(log);
  const kind = kinds.find(({ name }) => name === entity.name);
  if (!kind) throw new HistoryDamaged(position);
  const tables = kinds.map(({ table }) => table);
  const shape = shapeOf(kind.name, kind.table, kind.fields);
  const statement = log.statement(entity, `second look ${JSON.stringify(kinds)}`, () =>
    log.versions
      .selectFrom(entity.table)
      .select([...columnsOfVersion(shape), evidenceOf(tables, shape, shape.table)])
      .where('position', '=', given<number>(0))
      .compile(),
  );
  const row = statement.first([position]);
  const found = row && goodVersion(log, shape, row);
  if (!found) throw new HistoryDamaged(position);
  const known = Object.keys(entity.fields).map((name) => [name, found.values[name] ?? null]);
  return { ...found, entity, values: Object.fromEntries(known) as ValuesOf<E> };
}
