/** The write-ahead log is taken into the log's file beside those who write. */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { limits, type Store } from '../src/db/index.ts';
import { LakeFile, Todo } from '../src/entities/index.ts';
import { logPath, openTemporary, rawLog, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const pageBytes = 4_096;

function sizes(directory: string) {
  const path = logPath(directory);
  return { file: statSync(path).size, writeAhead: statSync(`${path}-wal`).size };
}

async function writeMuch(store: Store, transactions: number): Promise<void> {
  for (let number = 0; number < transactions; number += 1) {
    await store.transact(async (log) => {
      for (let each = 0; each < 20; each += 1) {
        await log.create(Todo, { body: randomBytes(5_000).toString('hex') });
      }
    });
  }
}

test('what was written is in the file before the store closes', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeMuch(store, 40);
  await until(() => sizes(directory).file > limits.checkpointPages * pageBytes);
  expect(await store.verify()).toEqual({ versions: 800, defect: null });
});

test('the write-ahead log begins anew however long others write', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeMuch(store, 400);
  const { file, writeAhead } = sizes(directory);
  expect(file + writeAhead).toBeGreaterThan(80_000_000);
  expect(writeAhead).toBeLessThan(2 * limits.writeAheadPages * pageBytes);
});

test('so it does while a large file is uploaded', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  const pieces = Array.from({ length: 80 }, () => randomBytes(1_000_000));
  const uploaded = await store.receiveUpload(Readable.from(pieces));
  const { file, writeAhead } = sizes(directory);
  expect(file + writeAhead).toBeGreaterThan(80_000_000);
  expect(writeAhead).toBeLessThan(2 * limits.writeAheadPages * pageBytes);
  await store.transact(async (log) =>
    log.create(LakeFile, { filename: 'f', ...(await log.keepUpload(uploaded)) }),
  );
  expect(await store.verify()).toEqual({ versions: 1, defect: null });
});

test('what another program keeps from being taken in is once it lets go', async () => {
  const directory = temporaryDirectory();
  const store = await openTemporary({ directory });
  await writeMuch(store, 1);
  const raw = rawLog(directory);
  raw.exec('begin; select count(*) from todos');
  await writeMuch(store, 170);
  const { writeAhead } = sizes(directory);
  expect(writeAhead).toBeGreaterThan(limits.writeAheadPages * pageBytes);
  raw.exec('rollback');
  await writeMuch(store, 10);
  expect(sizes(directory).file).toBeGreaterThan(limits.writeAheadPages * pageBytes);
  expect(await store.verify()).toEqual({ versions: 3_620, defect: null });
});
