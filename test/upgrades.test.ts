/**
 * Logs of every format there was, written by the code of its time (scripts/log-fixture.ts): each opens,
 * is brought to the format of today and holds what was written, also when that was interrupted.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { schemaVersion } from '../src/db/log/sqlite/migrations.ts';
import { positionZero, Todo } from '../src/entities/index.ts';
import { differences } from './support/differences.ts';
import { compiled } from './support/run-directory.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';

const formats = Array.from({ length: schemaVersion }, (_, index) => index + 1);

interface Written {
  readonly versions: readonly {
    readonly entity: string;
    readonly id: string;
    readonly position: number;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly file: { readonly size: number; readonly sha256: string };
  /** Null where there were none yet. */
  readonly key: {
    readonly key: string;
    readonly requestDigest: string;
    readonly transaction: number;
  } | null;
}

const fixture = (format: number, extension: string) =>
  readFileSync(join(import.meta.dirname, 'fixtures', `log-format-${format}.${extension}`));

/** A data directory with the log that is kept of a format. */
function directoryOf(format: number): string {
  const directory = join(temporaryDirectory(), 'data');
  mkdirSync(directory);
  writeFileSync(logPath(directory), gunzipSync(fixture(format, 'db.gz')));
  return directory;
}

const formatIn = (directory: string) =>
  rawLog(directory).pragma('user_version', { simple: true }) as number;

/** Opens the log, which must hold what was written, be proven, and go on. */
async function expectAll(directory: string, format: number): Promise<void> {
  const { versions, file, key }: Written = JSON.parse(fixture(format, 'json').toString());
  const store = await openTemporary({ directory, replicaInMemory: true });
  expect(formatIn(directory)).toBe(schemaVersion);
  const found = await store.versionsBetween(positionZero, await store.head());
  expect(found.map((version) => ({ ...version, entity: version.entity.name }))).toMatchObject(
    versions,
  );
  expect(await differences(store)).toEqual([]);
  const digest = createHash('sha256');
  let size = 0;
  for await (const piece of store.contents(file.sha256)) {
    digest.update(piece);
    size += piece.length;
  }
  expect({ size, sha256: digest.digest('hex') }).toEqual(file);
  if (key) {
    const { transaction, ...once } = key;
    const again = await store.write(async () => expect.unreachable(), { once });
    expect(again.transaction?.id).toBe(transaction);
    expect(again.results[0]?.version.id).toBe('once');
  }
  expect(await store.verify()).toEqual({ versions: versions.length, defect: null });
  await store.update(Todo, 'kept', { subject: 'goes on' });
  expect(await store.verify()).toEqual({ versions: versions.length + 1, defect: null });
  await store.close();
}

test.for(formats)(
  'a log of format %i opens, holds what was written, and goes on',
  async (format) => {
    const directory = directoryOf(format);
    expect(formatIn(directory)).toBe(format);
    await expectAll(directory, format);
  },
);

/** Opens a log in a process of its own. @returns how many statements it took; null when killed. */
async function openKilled(directory: string, statement: number): Promise<number | null> {
  const child = fork(compiled('test/support/killed-migration.ts'), [directory, `${statement}`]);
  let count: number | null = null;
  child.on('message', (statements: number) => {
    count = statements;
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  expect(signal).toBe(statement === 0 ? null : 'SIGKILL');
  return count;
}

test.for([
  [1, 5],
  [3, 3],
  [5, 2],
] as const)(
  'a log of format %i that is killed on its way to the format of today, at %i moments, opens',
  async ([format, moments]) => {
    const statements = (await openKilled(directoryOf(format), 0)) as number;
    expect(statements).toBeGreaterThan(moments);
    const outcomes = new Set<number>();
    const kills = Array.from({ length: moments }, async (_, index) => {
      const directory = directoryOf(format);
      const statement = Math.ceil(((index + 1) * statements) / moments);
      await openKilled(directory, statement);
      outcomes.add(formatIn(directory));
      await expectAll(directory, format);
    });
    await Promise.all(kills);
    // All of it, or nothing.
    for (const outcome of outcomes) expect([format, schemaVersion]).toContain(outcome);
    expect(outcomes).toContain(format);
  },
);
