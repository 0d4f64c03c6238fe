/** Servers under measurement, each in a process of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const source = join(import.meta.dirname, '..', 'src', 'main.ts');
const bareYoga = join(import.meta.dirname, 'bare-yoga.ts');
const urlPattern = /http:\/\/127\.0\.0\.1:\d+\/graphql/;
const startLimitMs = 180_000;

export interface Server {
  readonly url: string;
  /** From the start of the process until it named its URL, in milliseconds. */
  readonly startMs: number;
  /** Resident memory, in megabytes. */
  readonly residentMb: () => number;
  readonly close: () => Promise<void>;
}

/** Everstate on a data directory. */
export function startEverstate(directory: string): Promise<Server> {
  return start([source, 'serve', '--data', directory, '--port', '0']);
}

/**
 * A bare Yoga: `map` answers reads from a Map, `sqlite` commits each mutation on its own, `pubsub`
 * also publishes it to subscribers.
 */
export function startBareYoga(
  kind: 'map' | 'sqlite' | 'pubsub',
  directory: string,
): Promise<Server> {
  return start([bareYoga, kind, directory]);
}

/** Runs with servers and closes them, whatever happens. */
export async function withServers<T>(
  starting: readonly Promise<Server>[],
  use: (...servers: Server[]) => Promise<T>,
): Promise<T> {
  const settled = await Promise.allSettled(starting);
  const servers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
    return await use(...servers);
  } finally {
    for (const server of servers) await server.close();
  }
}

async function start(args: readonly string[]): Promise<Server> {
  const begin = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await urlOf(child);
    const startMs = performance.now() - begin;
    return { url, startMs, residentMb: () => residentMb(child), close: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** The URL that the process prints; what it prints later is read and dropped. */
function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`No URL within ${startLimitMs} ms.`)),
      startLimitMs,
    ).unref();
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}.`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = urlPattern.exec(line)?.[0];
      if (!url) return;
      clearTimeout(limit);
      resolve(url);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(limit);
}

function residentMb(child: ChildProcess): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)]).toString()) / 1_024;
}
