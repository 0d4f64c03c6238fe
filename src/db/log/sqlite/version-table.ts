/** The table of an entity's versions in SQLite: its definition, and what the log says of it. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import {
  columnOf,
  type Entity,
  type Field,
  type FieldKind,
  isNullable,
} from '../../../entities/index.ts';
import { CannotOpen } from '../../shared/problems.ts';
import type { LogTables } from '../tables.ts';
import { refuseChanges } from './refuse-changes.ts';
import { columns } from './version-row.ts';

/**
 * Creates the entity's table, or adds the columns of fields that its definition has gained.
 * @throws CannotOpen when the definition contradicts the table: a field lost, retyped, or added
 *   such that versions already written would break it.
 */
export async function defineVersionTable(db: Kysely<LogTables>, entity: Entity): Promise<void> {
  const known = await db
    .selectFrom('entities')
    .selectAll()
    .where((where) =>
      where.or([where('name', '=', entity.name), where('table_name', '=', entity.table)]),
    )
    .executeTakeFirst();
  const fields = describe(entity);
  if (!known) {
    await createTable(db, entity);
    await db
      .insertInto('entities')
      .values({ name: entity.name, table_name: entity.table, fields: JSON.stringify(fields) })
      .execute();
    return;
  }
  if (known.name !== entity.name || known.table_name !== entity.table) {
    throw new CannotOpen(
      `The log keeps ${known.name} in the table "${known.table_name}", but the definition of ` +
        `${entity.name} names "${entity.table}". Give the entity a name and table of its own, or ` +
        `table: "${known.table_name}" if it is the same kind.`,
    );
  }
  const before = JSON.parse(known.fields) as Record<string, FieldShape>;
  refuseContradiction(entity, before, fields);
  await refuseOtherKey(db, entity);
  const added = Object.keys(fields).filter((name) => !(name in before));
  for (const name of added) {
    const column = columnDefinition(name, entity.fields[name] as Field);
    await sql`alter table ${sql.table(entity.table)} add column ${column}`.execute(db);
  }
  if (added.length > 0) {
    await db
      .updateTable('entities')
      .set({ fields: JSON.stringify(fields) })
      .where('name', '=', entity.name)
      .execute();
  }
}

/** What the log says of a field. */
export interface FieldShape {
  kind: FieldKind;
  nullable: boolean;
}

/** Whether there are fields of a kind; what the log says may be damaged. */
export function isFieldKind(kind: unknown): kind is FieldKind {
  return typeof kind === 'string' && Object.hasOwn(columns, kind);
}

/** What the log says of an entity's fields. */
export function describe(entity: Entity): Record<string, FieldShape> {
  return Object.fromEntries(
    Object.entries(entity.fields).map(([name, field]) => [
      name,
      { kind: field.kind, nullable: isNullable(field) },
    ]),
  );
}

function refuseContradiction(
  entity: Entity,
  before: Record<string, FieldShape>,
  now: Record<string, FieldShape>,
): void {
  const refuse = (field: string, what: string): never => {
    throw new CannotOpen(
      `The log's history of ${entity.name} contradicts its definition: ${field} ${what}`,
    );
  };
  for (const [name, old] of Object.entries(before)) {
    const kept =
      now[name] ?? refuse(name, 'is in the log but not in the definition. Define it again.');
    if (kept.kind !== old.kind) refuse(name, `was ${old.kind}, but is defined as ${kept.kind}.`);
    if (old.nullable && !kept.nullable)
      refuse(name, 'may be null in the log. Let it stay optional.');
    if (!old.nullable && kept.nullable)
      refuse(name, 'is never null in the log. Let it stay required, or give it a default.');
  }
  for (const [name, shape] of Object.entries(now)) {
    if (!(name in before) && !shape.nullable) {
      refuse(name, 'is new, and older versions have no value for it. Make it optional.');
    }
  }
}

/** What keeps the unique key was made for the key as it was then. */
async function refuseOtherKey(db: Kysely<LogTables>, entity: Entity): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select name from pragma_table_info(${keysTable(entity)}) where name <> 'id'`.execute(db);
  const before = rows.map(({ name }) => name).sort();
  const now = entity.uniqueKey.map(columnOf).sort();
  if (before.join() === now.join()) return;
  throw new CannotOpen(
    `The log's history of ${entity.name} contradicts its definition: its uniqueKey was ` +
      `[${before.join(', ')}], but is defined as [${now.join(', ')}]. Define it as it was.`,
  );
}

/**
 * SQLite looks for a transaction's versions when its row is written, to settle the deferred
 * reference: unique (transaction_id, position) is the index that keeps this from scanning the log.
 */
async function createTable(db: Kysely<LogTables>, entity: Entity): Promise<void> {
  const table = sql.table(entity.table);
  const fields = Object.entries(entity.fields).map(([name, field]) =>
    columnDefinition(name, field),
  );
  await sql`
    create table ${table} (
      position integer primary key,
      transaction_id integer not null references transactions (id) deferrable initially deferred,
      idx integer not null,
      created_idx integer not null,
      id text not null,
      revision integer not null check (revision >= 1),
      operation text not null check (operation in ('CREATE', 'UPDATE', 'DELETE', 'RESTORE')),
      previous_position integer references ${table} (position),
      ${sql.join(fields)},
      salt blob not null,
      contents_digest blob not null,
      digest blob not null,
      unique (id, revision),
      unique (transaction_id, position),
      check ((revision = 1) = (previous_position is null))
    ) strict`.execute(db);
  await refuseChanges(db, entity.table, [['position'], ['id', 'revision']]);
  if (entity.uniqueKey.length > 0) await createKeys(db, entity);
}

function columnDefinition(name: string, field: Field): RawBuilder<unknown> {
  const type = sql.raw(columns[field.kind].type);
  return sql`${sql.ref(columnOf(name))} ${type} ${sql.raw(isNullable(field) ? '' : 'not null')}`;
}

/** The table that keeps unique keys of live records unique. */
export function keysTable(entity: Entity): string {
  return `${entity.table}_keys`;
}

/**
 * The keys of live records, kept by the database itself: no two live records share one. SQLite
 * takes nulls for distinct, so the index holds an empty blob, which no text equals, in their place.
 */
async function createKeys(db: Kysely<LogTables>, entity: Entity): Promise<void> {
  const keys = sql.table(keysTable(entity));
  const names = entity.uniqueKey.map(columnOf);
  const definitions = entity.uniqueKey.map((name) =>
    columnDefinition(name, entity.fields[name] as Field),
  );
  await sql`create table ${keys} (id text primary key, ${sql.join(definitions)}) strict`.execute(
    db,
  );
  const indexed = names.map((name) => sql`coalesce(${sql.ref(name)}, x'')`);
  await sql`
    create unique index ${sql.ref(`${keysTable(entity)}_unique`)}
    on ${keys} (${sql.join(indexed)})`.execute(db);
  const taken = names.map((name) => sql`new.${sql.ref(name)}`);
  await sql`
    create trigger ${sql.ref(`${keysTable(entity)}_follow`)} after insert
    on ${sql.table(entity.table)} begin
      delete from ${keys} where id = new.id;
      insert into ${keys} select new.id, ${sql.join(taken)} where new.operation <> 'DELETE';
    end`.execute(db);
}
