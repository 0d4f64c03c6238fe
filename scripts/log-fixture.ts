/**
 * Writes a small log of this program's format to keep: test/fixtures/log-format-<n>.db.gz, and beside
 * it what was written. Run once when a format is new, before the one after it is begun: a log made
 * later would be made by other code.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { LakeFile, openStore, shippedEntities, Todo, type Version } from '../src/index.ts';

/** 300 KB that take little room as they are kept. */
const bytes = Buffer.from(
  Array.from({ length: 300 }, (_, line) => `${line}`.padEnd(999, 'x')).join('\n'),
);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const once = { key: 'fixture-key', requestDigest: 'fixture-request' };

const directory = mkdtempSync(join(tmpdir(), 'everstate-fixture-'));
const store = await openStore({ directory, entities: shippedEntities });
const versions: object[] = [];

function note({ entity, id, revision, position, operation, committedAt, values }: Version): void {
  versions.push({ entity: entity.name, id, revision, position, operation, committedAt, values });
}

note(await store.append(Todo, { id: 'kept', subject: 'kept “ä” \u{1f600}', labels: ['a,b', 'c'] }));
note((await store.update(Todo, 'kept', { body: 'b'.repeat(2_000), priority: 3 })).version);
note(
  await store.append(Todo, { id: 'deleted', subject: 'deleted' }, { actor: 'ada', reason: 'why' }),
);
note(await store.delete(Todo, 'deleted'));
note(await store.append(Todo, { id: 'restored', subject: 'restored' }));
note(await store.delete(Todo, 'restored'));
// The first format knew neither restoring nor keys.
if ('restore' in store) note((await store.restore(Todo, 'restored')).version);
const { value: files } = await store.transact(async (log) => {
  const contents = await log.putContents(bytes);
  const file = await log.create(LakeFile, {
    id: 'file',
    path: 'p',
    filename: 'f.txt',
    ...contents,
  });
  const { version } = await log.update(LakeFile, 'file', { labels: ['l'] });
  return [
    file,
    version,
    await log.create(LakeFile, { id: 'same', filename: 'g.txt', ...contents }),
  ];
});
for (const file of files) note(file);
let key: object | null = null;
if ('write' in store) {
  const { results, transaction } = await store.write(
    async (log) => {
      const version = await log.create(Todo, { id: 'once', subject: 'once' });
      return [{ version, changed: true, rebasedOver: [] }];
    },
    { once },
  );
  for (const { version } of results) note(version);
  key = { ...once, transaction: transaction?.id };
}
await store.close();

const log = new Database(join(directory, 'everstate.db'));
const format = log.pragma('user_version', { simple: true });
log.close();
const name = join(import.meta.dirname, '../test/fixtures', `log-format-${format}`);
mkdirSync(join(name, '..'), { recursive: true });
writeFileSync(
  `${name}.db.gz`,
  gzipSync(readFileSync(join(directory, 'everstate.db')), { level: 9 }),
);
const written = { versions, file: { size: bytes.length, sha256 }, key };
writeFileSync(`${name}.json`, `${JSON.stringify(written, null, 2)}\n`);
rmSync(directory, { recursive: true });
