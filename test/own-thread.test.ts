/** Threads that are started with a file of ours. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '../src/db/index.ts';
import type { StoredChunk } from '../src/db/log/contents/chunk-encoding.ts';
import { OwnThread } from '../src/db/shared/own-thread.ts';
import { compiled } from './support/run-directory.ts';

test('one that was asked nothing for a while ends, and another answers who asks then', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const thread = new OwnThread<Uint8Array, StoredChunk>('db/log/contents/chunk-thread');
  onTestFinished(() => thread.close());
  const ask = async () => (await thread.ask(Buffer.from('text'.repeat(50)))).encoding;
  expect(await ask()).toBe('deflate');
  expect(thread.runs).toBe(true);
  vi.advanceTimersByTime(limits.threadIdleMs - 1);
  expect(await ask()).toBe('deflate');
  vi.advanceTimersByTime(limits.threadIdleMs - 1);
  expect(thread.runs).toBe(true);
  vi.advanceTimersByTime(1);
  expect(thread.runs).toBe(false);
  expect(await ask()).toBe('deflate');
});

test('what ends one is told to whoever waits: here, from code that was compiled for this run', async () => {
  const thread = new OwnThread<unknown, StoredChunk>('db/log/contents/chunk-thread');
  onTestFinished(() => thread.close());
  const error = await thread.ask('no bytes').catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).stack).toContain(compiled(''));
  expect(thread.runs).toBe(false);
});
