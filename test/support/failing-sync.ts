/** A disk that cannot take what is written: fsync fails. */
import Database from 'better-sqlite3';
import { onTestFinished, type TestContext } from 'vitest';
import { attachStrace } from './strace.ts';

/**
 * Has every fsync of a process on a file fail, by strace, until the test or `end` ends it.
 * @returns ends it.
 */
export async function failSync(
  context: TestContext,
  pid: number,
  path: string,
): Promise<() => Promise<void>> {
  const inject = 'inject=fsync,fdatasync:error=EIO';
  const args = ['-f', '-P', path, '-e', inject, '-o', '/dev/null'];
  return await attachStrace(context, pid, args, 'fsync can be made to fail');
}

/**
 * Has every commit of this process fail as one does whose fsync fails, before SQLite begins with it:
 * for where fsync itself cannot be made to fail.
 */
export function failCommits(): { readonly tried: () => number; readonly succeed: () => void } {
  const database = new Database(':memory:');
  const statements = Object.getPrototypeOf(database.prepare('select 1')) as Database.Statement;
  database.close();
  const { run } = statements;
  let tried = 0;
  statements.run = function (this: Database.Statement, ...values: unknown[]) {
    if (this.source !== 'commit') return run.apply(this, values);
    tried += 1;
    throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
  };
  const succeed = () => {
    statements.run = run;
  };
  onTestFinished(succeed);
  return { tried: () => tried, succeed };
}
