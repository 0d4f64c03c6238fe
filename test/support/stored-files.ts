/** Files put straight into a store, of any size. */
import { isDeepStrictEqual } from 'node:util';
import { onTestFinished, vi } from 'vitest';
import type { Store } from '../../src/db/index.ts';
import { LakeFile } from '../../src/entities/index.ts';
import { rawLog } from './temporary-store.ts';
import { until } from './until.ts';

interface Given {
  readonly id?: string;
  readonly userId?: string;
  readonly path?: string | null;
  readonly filename: string;
  readonly filetype?: string;
  readonly contents: string | Uint8Array;
}

/** Creates files of the lake in one transaction. @returns its last position. */
export async function putFiles(store: Store, files: readonly Given[]): Promise<number> {
  await store.transact(async (log) => {
    for (const { contents, ...values } of files) {
      const bytes = typeof contents === 'string' ? Buffer.from(contents) : contents;
      await log.create(LakeFile, { ...values, ...(await log.putContents(bytes)) });
    }
  });
  return await store.head();
}

/** Gives a file of the lake other bytes. @returns the position. */
export async function rewriteFile(store: Store, id: string, contents: string): Promise<number> {
  await store.transact(async (log) => {
    await log.update(LakeFile, id, await log.putContents(Buffer.from(contents)));
  });
  return await store.head();
}

/** How many chunks a log has, and how many uploads that nothing has kept. */
export function chunksAndUploads(directory: string): readonly [chunks: number, uploads: number] {
  const raw = rawLog(directory);
  const count = (table: string) => raw.prepare(`select count(*) from ${table}`).pluck().get();
  return [count('chunks'), count('uploads')] as [number, number];
}

/** Resolves once a log has so many: what is given up is removed after its answer. */
export function untilStored(directory: string, chunks: number, uploads: number): Promise<void> {
  return until(() => isDeepStrictEqual(chunksAndUploads(directory), [chunks, uploads]));
}

/** Counts the bytes of contents that are read from a store, until the test ends. */
export function bytesReadFrom(store: Store): { readonly bytes: number } {
  const read = { bytes: 0 };
  const contents = store.contents.bind(store);
  const spy = vi.spyOn(store, 'contents').mockImplementation(async function* (...args) {
    for await (const chunk of contents(...args)) {
      read.bytes += chunk.length;
      yield chunk;
    }
  });
  onTestFinished(() => spy.mockRestore());
  return read;
}
