/** Servers under measurement, each in a process of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithThis } from './leftovers.ts';
import { longestGap } from './loop-gap.ts';

/** As it is served to users: compiled, not through a loader. `npm run bench` compiles it first. */
const everstate = join(import.meta.dirname, '..', 'dist', 'main.js');
const bareYoga = join(import.meta.dirname, 'bare-yoga.ts');
const loopWatch = join(import.meta.dirname, 'loop-watch.ts');
const throughLoader = ['--import', 'tsx'];
const urlPattern = /http:\/\/127\.0\.0\.1:\d+\/graphql/;
/** Building the replica of a large log anew takes minutes. */
const startLimitMs = 900_000;

export interface Server {
  readonly url: string;
  /** From the start of the process until it named its URL, in milliseconds. */
  readonly startMs: number;
  /** Resident memory, in megabytes. */
  readonly residentMb: () => number;
  /** The most that it ever was; where the system does not tell, what it is now. */
  readonly peakMb: () => number;
  /** Processor time that it has used, in milliseconds; null where the system does not tell. */
  readonly cpuMs: () => number | null;
  readonly close: () => Promise<void>;
}

/** A server that tells how long its event loop stood still. */
export interface WatchedServer extends Server {
  /** The longest gap since it was asked last, in milliseconds. */
  readonly longestGapMs: () => Promise<number>;
}

/** Everstate on a data directory. */
export async function startEverstate(directory: string): Promise<Server> {
  return (await start([everstate, ...servedFrom(directory)])).server;
}

/** The same, with its event loop watched from within. */
export async function startWatched(directory: string): Promise<WatchedServer> {
  const watch = [...throughLoader, '--import', loopWatch];
  const { server, child } = await start([...watch, everstate, ...servedFrom(directory)], 'ipc');
  return { ...server, longestGapMs: () => askForGap(child) };
}

/** A server of the benchmarks' own: a TypeScript file and its arguments. */
export async function startFile(file: string, ...args: string[]): Promise<Server> {
  return (await start([...throughLoader, file, ...args])).server;
}

function servedFrom(directory: string): string[] {
  return ['serve', '--data', directory, '--port', '0'];
}

/**
 * A bare Yoga: `map` answers reads from a Map, `sqlite` commits each mutation on its own, `pubsub`
 * also publishes it to subscribers, `log` writes to an empty log of Everstate's.
 */
export function startBareYoga(
  kind: 'map' | 'sqlite' | 'pubsub' | 'log',
  directory: string,
): Promise<Server> {
  return startFile(bareYoga, kind, directory);
}

/** Runs with servers and closes them, whatever happens. */
export async function withServers<T, S extends Server = Server>(
  starting: readonly Promise<S>[],
  use: (...servers: S[]) => Promise<T>,
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

async function start(
  args: readonly string[],
  channel: 'ipc' | 'ignore' = 'ignore',
): Promise<{ server: Server; child: ChildProcess }> {
  const begin = performance.now();
  const spawned = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', channel],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const child = endWithThis(spawned, 'SIGTERM');
  try {
    const url = await urlOf(child);
    const startMs = performance.now() - begin;
    const used = {
      residentMb: () => residentMb(child),
      peakMb: () => peakMb(child),
      cpuMs: () => cpuMs(child),
    };
    return { child, server: { url, startMs, ...used, close: () => stop(child) } };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function askForGap(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (gapMs) => resolve(gapMs as number));
    child.send(longestGap, (error) => error && reject(error));
  });
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

function peakMb(child: ChildProcess): number {
  const status = `/proc/${child.pid}/status`;
  const peak = existsSync(status) ? /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(status, 'utf8')) : null;
  return peak ? Number(peak[1]) / 1_024 : residentMb(child);
}

function cpuMs(child: ChildProcess): number | null {
  const path = `/proc/${child.pid}/stat`;
  if (!existsSync(path)) return null;
  // Fields 14 and 15, in hundredths of a second; the second one is a name, which may hold spaces.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
