/** The log's write lock, taken by a connection of its own. */
import { sql } from 'kysely';
import { LogFile } from './log-file.ts';
import { schemaVersion } from './migrations.ts';
import { whenFree } from './when-free.ts';

/**
 * Runs work that only one process of a data directory may do at a time, and writes nothing. The
 * log's write lock sees to that: it ends with its process, as no file of one's own would. It is
 * taken by a connection of its own, since the others are in use.
 */
export async function holdLog<T>(path: string, work: () => Promise<T>): Promise<T> {
  return await withLog(path, async ({ kysely }) => {
    await whenFree(() => sql`begin immediate`.execute(kysely));
    try {
      return await work();
    } finally {
      await sql`rollback`.execute(kysely);
    }
  });
}

/**
 * Commits what changes nothing, to find out whether the log can be written.
 * @throws StorageFull, StorageFailed or CannotOpen when it cannot.
 */
export async function tryWriting(path: string): Promise<void> {
  await withLog(path, async ({ kysely }) => {
    await whenFree(() => sql`begin immediate`.execute(kysely));
    // To set what is set already writes a page all the same.
    await sql.raw(`pragma user_version = ${schemaVersion}`).execute(kysely);
    await sql`commit`.execute(kysely);
  });
}

async function withLog<T>(path: string, use: (file: LogFile) => Promise<T>): Promise<T> {
  const file = LogFile.open(path, schemaVersion);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
