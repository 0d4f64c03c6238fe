/** A disk that cannot take what is written: fsync fails. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { onTestFinished, type TestContext } from 'vitest';

/**
 * Has every fsync of a process on a file fail, by strace, until the test or `end` ends it. The test is
 * skipped where there is no strace, or none may be attached.
 * @returns ends it.
 */
export async function failSync(
  context: TestContext,
  pid: number,
  path: string,
): Promise<() => Promise<void>> {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
  } catch {
    context.skip('fsync can be made to fail only by strace, which is not here or may not attach');
  }
  const inject = 'inject=fsync,fdatasync:error=EIO';
  const args = ['-f', '-p', `${pid}`, '-P', path, '-e', inject, '-o', '/dev/null'];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'exit');
  const end = async () => {
    strace.kill('SIGINT');
    await ended;
  };
  onTestFinished(end);
  for await (const line of createInterface(strace.stderr)) {
    if (/attached/.test(line)) return end;
  }
  return context.skip('strace cannot attach to another process here');
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
