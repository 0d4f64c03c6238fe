/** Chunks that a thread of its own makes: the same ones, in their order, and clear errors when it ends. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { chunkOf, decoded } from '../src/db/log/contents/chunk-encoding.ts';
import { ChunkMaker } from '../src/db/log/contents/chunk-maker.ts';
import { PendingChunks } from '../src/db/log/contents/pending-chunks.ts';
import { limits } from '../src/db/shared/limits.ts';
import { ownFile } from '../src/db/shared/own-file.ts';

function chunkMaker(): ChunkMaker {
  const maker = new ChunkMaker();
  onTestFinished(() => maker.close());
  return maker;
}

/** Of its own memory, which is handed over. */
const text = (name: string, length: number) =>
  new Uint8Array(Buffer.from(`${name} is a line\n`.repeat(length)));

const pieces = [
  text('first', 5_000),
  new Uint8Array(randomBytes(70_000)),
  text('short', 1),
  new Uint8Array(randomBytes(3)),
  text('last', 9_000),
];

test('they are what is made in place, in the order in which they are asked for', async () => {
  const maker = chunkMaker();
  const made = await Promise.all(pieces.map((bytes) => maker.make(bytes.slice())));
  const plain = ({ digest, bytes, ...about }: ReturnType<typeof chunkOf>) => ({
    ...about,
    digest: Buffer.from(digest).toString('hex'),
    bytes: Buffer.from(bytes).toString('hex'),
  });
  expect(made.map(plain)).toEqual(pieces.map((bytes) => plain(chunkOf(bytes))));
  expect(made.map((chunk) => Buffer.from(decoded(chunk, '')))).toEqual(
    pieces.map((bytes) => Buffer.from(bytes)),
  );
});

test('whoever waits when it is closed is told so, and whoever asks later', async () => {
  const maker = chunkMaker();
  const waiting = maker.make(text('waits', 9_000));
  maker.close();
  const closing = { message: 'The store is closing.' };
  await expect(waiting).rejects.toMatchObject(closing);
  await expect(maker.make(text('late', 1))).rejects.toMatchObject(closing);
});

test('what ends the thread is told to whoever waits, and the next is served by another', async () => {
  const maker = chunkMaker();
  const given = text('given', 9_000);
  await maker.make(given);
  // It is empty since it was handed over, and cannot be again.
  await expect(maker.make(given)).rejects.toThrow();
  expect(await maker.make(text('again', 9))).toMatchObject({ encoding: 'deflate' });
});

test('chunks wait in their order, few or many, and go as they are stored', async () => {
  const waiting = new PendingChunks(chunkMaker());
  const sizes = Array.from({ length: 40 }, (_, index) => 16_000 + 1_000 * index);
  for (const size of sizes) await waiting.add(new Uint8Array(randomBytes(size)));
  expect(waiting.bytes).toBeGreaterThan(limits.uploadHeldBytesMax);
  const first = await waiting.first(50_000);
  expect(first.map(({ size }) => size)).toEqual(sizes.slice(0, 3));
  expect(await waiting.first(50_000)).toEqual(first);
  waiting.drop(3);
  const rest = await waiting.first(Number.POSITIVE_INFINITY);
  expect(rest.map(({ size }) => size)).toEqual(sizes.slice(3));
  waiting.drop(rest.length);
  expect(waiting.bytes).toBe(0);
});

test('from the sources, too, such a thread starts', async () => {
  const { path, execArgv } = ownFile('db/log/contents/chunk-thread');
  expect(path).toMatch(/\.ts$/);
  const thread = new Worker(path, { execArgv: [...execArgv] });
  onTestFinished(async () => void (await thread.terminate()));
  thread.postMessage(text('line', 9));
  expect((await once(thread, 'message'))[0]).toMatchObject({ encoding: 'deflate' });
});
