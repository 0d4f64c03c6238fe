/** What a process asks of the system, watched or tampered with by strace. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished, type TestContext } from 'vitest';

/**
 * Attaches strace to a process until the test or what is returned ends it. The test is skipped where there
 * is no strace, or none may be attached.
 * @param args what it is to do, besides to attach.
 * @param what can be done only by it, in the words that the skipped test says.
 * @returns ends it.
 */
export async function attachStrace(
  context: TestContext,
  pid: number,
  args: readonly string[],
  what: string,
): Promise<() => Promise<void>> {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
  } catch {
    context.skip(`${what} only by strace, which is not here or may not attach`);
  }
  const strace = spawn('strace', ['-p', `${pid}`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
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
