/** Tables, indexes and triggers against those that this program would make. */
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import type { Entity } from '../../../entities/index.ts';
import type { Defect } from '../defect.ts';
import type { LogTables } from '../tables.ts';
import type { LogFile } from './log-file.ts';
import { defineLog } from './migrations.ts';

/** What SQLite says of one table, index or trigger. */
interface Part {
  readonly type: string;
  readonly name: string;
  /** Null for an index that SQLite made of a constraint. */
  readonly sql: string | null;
}

/** Compares the file with an empty log of the same kinds. */
export async function verifySchema(log: LogFile, kinds: readonly Entity[]): Promise<Defect | null> {
  const found = new Map((await partsOf(log.kysely)).map((part) => [part.name, part]));
  const expected = await partsOfEmptyLog(kinds);
  for (const { type, name, sql: definition } of expected) {
    const part = found.get(name);
    if (part?.type !== type) return defect(`The ${type} "${name}" is missing.`);
    if (comparable(part.sql) !== comparable(definition)) {
      return defect(`The ${type} "${name}" was altered.`);
    }
    found.delete(name);
  }
  const stranger = [...found.values()].find(({ type }) => type === 'trigger');
  return stranger ? defect(`The trigger "${stranger.name}" is not one of the log’s own.`) : null;
}

async function partsOfEmptyLog(kinds: readonly Entity[]): Promise<Part[]> {
  const dialect = new SqliteDialect({ database: new Database(':memory:') });
  const empty = new Kysely<LogTables>({ dialect });
  try {
    await defineLog(empty, kinds);
    return await partsOf(empty);
  } finally {
    await empty.destroy();
  }
}

async function partsOf(db: Kysely<LogTables>): Promise<Part[]> {
  const { rows } = await sql<Part>`select type, name, sql from sqlite_schema`.execute(db);
  return rows;
}

/** A field that a kind gained later stands last in its table, wherever its definition has it. */
function comparable(definition: string | null): string {
  const [, head = '', columns = '', tail = ''] =
    /^(create table [^(]*)\((.*)\)([^)]*)$/is.exec(definition ?? '') ?? [];
  if (head === '') return definition ?? '';
  const parts = columns.split(/,(?![^(]*\))/).map((part) => part.replace(/\s+/g, ' ').trim());
  return [head, ...parts.sort(), tail].join('\n');
}

function defect(message: string): Defect {
  return { position: null, message };
}
