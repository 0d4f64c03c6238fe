/** A log as earlier formats had it, out of one of today. */
import { inflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';

/** How format 3 kept contents: each with pieces of its own, of this many bytes. */
const pieceBytes = 256 * 1024;

/** Takes a log of today, without idempotency keys, back to format 3, before contents shared chunks. */
export function toFormat3(raw: Database.Database): void {
  raw.exec(`
    drop index idempotency_keys_by_time;
    drop trigger idempotency_keys_refuses_delete;
    alter table idempotency_keys drop column created_at;
    create trigger idempotency_keys_refuses_delete before delete on idempotency_keys begin
      select raise(abort, 'idempotency_keys is append-only: delete is refused');
    end;`);
  const contents = raw.prepare('select id, sha256, size from contents').all() as {
    id: number;
    sha256: string;
    size: number;
  }[];
  const whole = new Map(contents.map(({ id, sha256 }) => [sha256, bytesOf(raw, id)]));
  const tables = [
    'unfinished_erasures',
    'erased_versions',
    'erasures',
    'resumable_uploads',
    'upload_chunks',
    'uploads',
    'content_chunks',
    'contents',
    'chunks',
  ];
  for (const table of tables) raw.exec(`drop table ${table}`);
  raw.exec(`
    create table contents (
      sha256 text primary key,
      size integer not null check (size >= 0)
    ) strict, without rowid;
    create table content_chunks (
      sha256 text not null references contents (sha256),
      number integer not null check (number >= 0),
      bytes blob not null,
      primary key (sha256, number)
    ) strict;`);
  for (const [sha256, bytes] of whole) {
    raw.prepare('insert into contents values (?, ?)').run(sha256, bytes.length);
    const insert = raw.prepare('insert into content_chunks values (?, ?, ?)');
    for (let number = 0; number * pieceBytes < bytes.length; number += 1) {
      insert.run(sha256, number, bytes.subarray(number * pieceBytes, (number + 1) * pieceBytes));
    }
  }
  for (const [table, met] of [
    ['contents', 'sha256 = new.sha256'],
    ['content_chunks', 'sha256 = new.sha256 and number = new.number'],
  ]) {
    raw.exec(`
      create trigger ${table}_refuses_update before update on ${table} begin
        select raise(abort, '${table} is append-only: update is refused');
      end;
      create trigger ${table}_refuses_delete before delete on ${table} begin
        select raise(abort, '${table} is append-only: delete is refused');
      end;
      create trigger ${table}_refuses_replace before insert on ${table}
        when exists (select 1 from ${table} where ${met}) begin
        select raise(abort, '${table} is append-only: replace is refused');
      end;`);
  }
  raw.pragma('user_version = 3');
}

/** The bytes of contents, by their number. */
export function bytesOf(raw: Database.Database, contents: number): Buffer {
  const chunks = raw
    .prepare(
      `select encoding, bytes from content_chunks join chunks on chunks.id = chunk
       where contents = ? order by begin`,
    )
    .all(contents) as { encoding: string; bytes: Buffer }[];
  return Buffer.concat(
    chunks.map(({ encoding, bytes }) => (encoding === 'none' ? bytes : inflateRawSync(bytes))),
  );
}
