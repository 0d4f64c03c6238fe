/** A log that somebody altered who knows how digests are made, and made all of them anew. */
import Database from 'better-sqlite3';
import {
  chainStart,
  contentsDigest,
  linkDigest,
  transactionDigest,
} from '../../src/db/log/digest.ts';
import { versionOfRow } from '../../src/db/log/sqlite/version-row.ts';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';
import { logPath } from './temporary-store.ts';

/** Alters a log by statements, and makes every digest after that fit. */
export function forge(directory: string, statements: string): void {
  const raw = new Database(logPath(directory));
  raw.pragma('foreign_keys = off');
  const triggers = raw
    .prepare(`select name, sql from sqlite_schema where type = 'trigger'`)
    .all() as { name: string; sql: string }[];
  for (const { name } of triggers) raw.exec(`drop trigger "${name}"`);
  raw.exec(statements);
  rehash(raw, shippedEntities);
  for (const { sql } of triggers) raw.exec(sql);
  raw.close();
}

function rehash(raw: Database.Database, entities: readonly Entity[]): void {
  const rows = entities
    .flatMap((entity) =>
      (raw.prepare(`select * from "${entity.table}"`).all() as Row[]).map((row) => ({
        entity,
        row,
      })),
    )
    .sort((a, b) => a.row.position - b.row.position);
  let digest: Uint8Array = chainStart;
  for (const { entity, row } of rows) {
    const transaction = raw
      .prepare('select * from transactions where id = ?')
      .get(row.transaction_id) as { id: number; salt: Buffer; actor: string; reason: string };
    const about = transactionDigest(transaction.salt, transaction);
    const version = versionOfRow(entity, row as never);
    const contents = contentsDigest(row.salt, entity, version.id, version.values);
    digest = linkDigest(digest, version, about, contents);
    raw
      .prepare(`update "${entity.table}" set contents_digest = ?, digest = ? where position = ?`)
      .run(contents, digest, row.position);
    raw
      .prepare('update transactions set contents_digest = ?, digest = ? where id = ?')
      .run(about, digest, transaction.id);
  }
}

interface Row {
  readonly position: number;
  readonly transaction_id: number;
  readonly salt: Buffer;
}
