/** The room that the log's file takes, and how it gives back what it needs no more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { limits } from '../../shared/limits.ts';
import { StorageFull } from '../../shared/problems.ts';
import type { LogFile } from './log-file.ts';
import { whenFree } from './when-free.ts';

export interface LogRoom {
  /** Of the file, once its write-ahead log is taken in. */
  readonly bytes: number;
  /** Of pages that hold nothing: what is written next is written there. */
  readonly freeBytes: number;
  readonly pageBytes: number;
  /** Whether pages can be given back a few at a time: those of a log that was begun before cannot. */
  readonly givesPagesBack: boolean;
}

/** The room that the file takes as the connection sees it. */
export async function readRoom({ kysely }: LogFile): Promise<LogRoom> {
  const { rows } = await sql<{ size: number; pages: number; free: number; mode: number }>`
    select page_size as size, page_count as pages, freelist_count as free, auto_vacuum as mode
    from pragma_page_size, pragma_page_count, pragma_freelist_count, pragma_auto_vacuum`.execute(
    kysely,
  );
  const { size = 0, pages = 0, free = 0, mode = 0 } = rows[0] ?? {};
  return { bytes: pages * size, freeBytes: free * size, pageBytes: size, givesPagesBack: mode > 0 };
}

/**
 * Gives back all pages that hold nothing, some in each commit. Others may write meanwhile: they
 * have as much time as each commit took.
 * @param onBytes told of bytes that were given back; what it throws ends this, between two commits.
 * @throws StorageFull where there is no room for the smallest commit, and what SQLite throws.
 */
export async function releaseRoom(file: LogFile, onBytes: (bytes: number) => void): Promise<void> {
  let pages: number = limits.releasedPages;
  let isLastTry = false;
  for (;;) {
    const { bytes, freeBytes } = await readRoom(file);
    if (freeBytes === 0) return;
    const begun = performance.now();
    try {
      await whenFree(() => file.releasePages(pages));
    } catch (error) {
      if (!(error instanceof StorageFull) || isLastTry) throw error;
      // On a full disk there may be room for fewer of them, once the write-ahead log is taken in.
      file.checkpoint();
      isLastTry = pages === 1;
      pages = Math.ceil(pages / 4);
      continue;
    }
    isLastTry = false;
    pages = Math.min(pages * 2, limits.releasedPages);
    onBytes(bytes - (await readRoom(file)).bytes);
    await sleep(performance.now() - begun);
  }
}
