/** The kinds of records that a log holds, whether or not the store was opened with them. */
import { sql } from 'kysely';
import { columnOf, type Entity } from '../../../entities/index.ts';
import type { Defect } from '../defect.ts';
import type { LogFile } from './log-file.ts';
import { describe, type FieldShape, isFieldKind, keysTable } from './version-table.ts';

/**
 * Every kind that ever wrote here. One that the store was not opened with is known by what the log
 * says of its table, fields and unique key; that is enough to read its versions and check them.
 */
export async function loggedKinds(log: LogFile, known: readonly Entity[]): Promise<Entity[]> {
  const rows = await log.kysely.selectFrom('entities').selectAll().orderBy('name').execute();
  return await Promise.all(
    rows.map(async ({ name, table_name, fields }) => {
      const entity =
        known.find((each) => each.name === name) ?? shapeOf(name, table_name, loggedFields(fields));
      return { ...entity, uniqueKey: await loggedKey(log, entity) };
    }),
  );
}

/**
 * Entities as far as the log has tables and columns of them: it may not have been written since one
 * of them, or of their fields, was defined.
 */
export async function writtenKinds(
  log: LogFile,
  defined: readonly Entity[],
): Promise<readonly Entity[]> {
  const { rows } = await sql<{ table_name: string; column_name: string }>`
    select part.name as table_name, col.name as column_name
    from sqlite_schema as part join pragma_table_info(part.name) as col
    where part.type = 'table'`.execute(log.kysely);
  const has = (table: string, column: string) =>
    rows.some((row) => row.table_name === table && row.column_name === column);
  return defined.flatMap((entity) => {
    if (!has(entity.table, 'position')) return [];
    const fields = Object.entries(entity.fields);
    const written = fields.filter(([name]) => has(entity.table, columnOf(name)));
    if (written.length === fields.length) return [entity];
    return [{ ...entity, fields: Object.fromEntries(written) }];
  });
}

/** The names of kinds that have records here and that the store was not opened with. */
export async function hiddenKinds(log: LogFile, known: readonly Entity[]): Promise<string[]> {
  const names: string[] = [];
  for (const { name, table } of await loggedKinds(log, known)) {
    if (known.some((entity) => entity.name === name)) continue;
    const any = await log.versions.selectFrom(table).select('id').limit(1).executeTakeFirst();
    if (any) names.push(name);
  }
  return names;
}

/** What the log says of its kinds, against what they are; null when it is the same. */
export async function verifyKinds(
  log: LogFile,
  entities: readonly Entity[],
): Promise<Defect | null> {
  const rows = await log.kysely.selectFrom('entities').selectAll().execute();
  for (const entity of entities) {
    const row = rows.find(({ name }) => name === entity.name);
    const fields = row && loggedFields(row.fields);
    if (fields && row.table_name === entity.table && sameShapes(fields, describe(entity))) continue;
    const message = `What the log says of the kind ${entity.name} is not what its definition says.`;
    return { position: null, message };
  }
  return null;
}

/** Those of the entities that the log has as they are defined; others it may have otherwise, or not yet. */
export async function definedAsLogged(
  log: LogFile,
  entities: readonly Entity[],
): Promise<Entity[]> {
  const defects = await Promise.all(entities.map((entity) => verifyKinds(log, [entity])));
  return entities.filter((_, place) => defects[place] === null);
}

type FieldShapes = Readonly<Record<string, FieldShape>>;

function sameShapes(a: FieldShapes, b: FieldShapes): boolean {
  const text = (shapes: FieldShapes) =>
    JSON.stringify(
      Object.entries(shapes)
        .map(([name, shape]) => [name, shape.kind, shape.nullable])
        .sort(),
    );
  return text(a) === text(b);
}

/** What a log says of a kind. */
export interface LoggedKind {
  readonly name: string;
  readonly table: string;
  readonly fields: FieldShapes;
}

/** The tables of all kinds that ever wrote here. In place, and cheap enough for each query. */
export function readVersionTables(log: LogFile): string[] {
  const statement = log.statement(readVersionTables, 'tables', () =>
    log.kysely.selectFrom('entities').select('table_name').orderBy('name').compile(),
  );
  return statement.all([]).map(([table]) => table as string);
}

/** What the log says now of every kind that ever wrote here. In place. */
export function readLoggedKinds(log: LogFile): LoggedKind[] {
  const statement = log.statement(readLoggedKinds, 'kinds', () =>
    log.kysely
      .selectFrom('entities')
      .select(['name', 'table_name', 'fields'])
      .orderBy('name')
      .compile(),
  );
  return statement.all([]).map(([name, table, fields]) => ({
    name: name as string,
    table: table as string,
    fields: loggedFields(fields as string),
  }));
}

/** A kind by what a log says of it: enough to read its versions, and to make its table. */
export function shapeOf(name: string, table: string, fields: FieldShapes): Entity {
  const shapes = Object.entries(fields).map(([field, { kind, nullable }]) => [
    field,
    { kind, presence: nullable ? 'optional' : 'required', default: null },
  ]);
  const names = { name, singular: name, plural: table, table };
  const parts = { fields: Object.fromEntries(shapes), files: [], uniqueKey: [], access: null };
  return { ...names, ...parts } as unknown as Entity;
}

/** The fields of the unique key, in the order in which the log's own table has them. */
async function loggedKey(log: LogFile, entity: Entity): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from pragma_table_info(${keysTable(entity)}) where name <> 'id'`.execute(
    log.kysely,
  );
  const fields = Object.keys(entity.fields);
  const logged = rows.map(({ name }) => fields.find((field) => columnOf(field) === name));
  return logged.some((field) => field !== undefined)
    ? logged.filter((field) => field !== undefined)
    : [...entity.uniqueKey];
}

/** None where what the log says is damaged: then no version has the digest that it should have. */
export function loggedFields(text: string): FieldShapes {
  try {
    const fields = JSON.parse(text) as FieldShapes;
    return Object.values(fields).every(({ kind }) => isFieldKind(kind)) ? fields : {};
  } catch {
    return {};
  }
}
