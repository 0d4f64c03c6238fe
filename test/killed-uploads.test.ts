/** Processes that are killed while files are uploaded to them: nothing is written in part, or twice. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { limits } from '../src/db/index.ts';
import { chunkSizes } from '../src/db/log/contents/chunker.ts';
import { LakeFile } from '../src/entities/index.ts';
import { TestApi } from './support/api.ts';
import { OtherProcess } from './support/other-process.ts';
import { everstate, ready } from './support/server.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { Tus, uploadByClient } from './support/tus.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a kill between the last byte and the commit loses no more than what one commit stores', async () => {
  const directory = temporaryDirectory();
  const other = await OtherProcess.openOne(directory);
  const begun: { text: string; path: string }[] = [];
  // All of it in memory, and most of it stored.
  for (const size of [1_000, limits.uploadBatchBytes + 500_000]) {
    const text = randomBytes(size).toString('hex').slice(0, size);
    begun.push({ text, path: `/files/uploads/${await other.ask('uploadUnkept', text)}` });
  }
  await other.kill();
  const store = await openTemporary({ directory });
  const api = new TestApi(store);
  const tus = new Tus((path, init) => api.send(init, `http://everstate.test${path}`));
  expect(await store.head()).toBe(0);
  for (const { text, path } of begun) {
    const offset = Number(await tus.offset(path));
    expect(offset).toBeLessThan(text.length);
    expect(offset).toBeGreaterThan(text.length - limits.uploadBatchBytes - chunkSizes.max);
    const last = await tus.patch(path, offset, text.slice(offset));
    expect((await last.json()).sha256).toBe(sha256(Buffer.from(text)));
  }
  expect(await store.head()).toBe(2);
  expect((await store.verify()).defect).toBeNull();
});

test('tus-js-client gets through kills of the server, and writes one version', {
  timeout: 120_000,
}, async () => {
  const directory = join(temporaryDirectory(), 'data');
  const serveAt = async (port: string) =>
    await ready(everstate(['serve', '--data', directory, '--port', port]));
  let server = await serveAt('0');
  const { origin, port } = new URL(server.url);
  const bytes = randomBytes(40_000_000);
  const killedAt = [8_000_000, bytes.length];
  let kills = 0;
  let restarted: Promise<unknown> = Promise.resolve();
  const told = await uploadByClient(bytes, {
    endpoint: `${origin}/files/uploads`,
    metadata: { filename: 'f' },
    chunkSize: 15_000_000,
    retryDelays: Array.from({ length: 40 }, () => 500),
    onProgress: (sent) => {
      if (sent < (killedAt[kills] ?? Number.POSITIVE_INFINITY)) return;
      kills += 1;
      restarted = server.process.stop('SIGKILL').then(async () => {
        server = await serveAt(port);
      });
    },
  });
  await restarted;
  expect(kills).toBe(2);
  const { lakeFiles } = await server.data('{ lakeFiles { edges { node { revision sha256 } } } }');
  expect(lakeFiles.edges).toEqual([{ node: { revision: 1, sha256: sha256(bytes) } }]);
  expect(told.url).toContain('/files/uploads/');
});

test('a server that is killed while files are put has those that it acknowledged, and others whole or not at all', {
  timeout: 120_000,
}, async () => {
  const directory = join(temporaryDirectory(), 'data');
  const acknowledged: Record<string, string> = {};
  // While chunks come, while they are stored, and after the end, on machines of any speed.
  for (const [kill, afterMs] of [20, 300, 900].entries()) {
    const server = await ready(everstate(['serve', '--data', directory, '--port', '0']));
    const put = async (name: string, bytes: Uint8Array<ArrayBuffer>) => {
      const url = new URL(`/files/by-path/${name}`, server.url);
      const { status } = await fetch(url, { method: 'PUT', body: bytes });
      expect(status).toBe(201);
      acknowledged[name] = sha256(bytes);
    };
    await put(`first-${kill}`, randomBytes(3_000_000));
    const second = put(`second-${kill}`, randomBytes(50_000_000)).catch(() => {});
    await sleep(afterMs);
    await server.process.stop('SIGKILL');
    await second;
  }
  const store = await openTemporary({ directory });
  const { versions } = await store.list(LakeFile);
  const found = versions.map(({ values }) => [values.filename, values.sha256]);
  expect(Object.fromEntries(found)).toMatchObject(acknowledged);
  expect((await store.verify()).defect).toBeNull();
});
