/**
 * A PostgreSQL cluster of the benchmark's own: found on the machine, its data in the cache
 * directory, reached through a Unix socket alone.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithThis } from '../leftovers.ts';

const installed = '/usr/lib/postgresql';
const startLimitMs = 60_000;
const sharedMaxMb = 2_048;

/** Where PostgreSQL's programs are; null where they are not. */
export function findPrograms(): string | null {
  const named = process.env.POSTGRES_BIN;
  if (named) return existsSync(join(named, 'initdb')) ? named : null;
  const versions = existsSync(installed) ? readdirSync(installed) : [];
  versions.sort((a, b) => Number(b) - Number(a));
  const found = versions.map((version) => join(installed, version, 'bin'));
  return found.find((path) => existsSync(join(path, 'initdb'))) ?? null;
}

/** What a user of PostgreSQL sets for a machine like this; nothing that weakens a commit. */
function settingsOf(socket: string): string {
  const sharedMb = Math.min(sharedMaxMb, Math.floor(totalmem() / 2 ** 20 / 4));
  return `
listen_addresses = ''
unix_socket_directories = '${socket}'
shared_buffers = ${sharedMb}MB
effective_cache_size = ${2 * sharedMb}MB
work_mem = 64MB
maintenance_work_mem = 512MB
client_min_messages = warning
wal_buffers = 64MB
wal_compression = on
max_wal_size = 8GB
checkpoint_timeout = 30min
random_page_cost = 1.1
jit = off
`;
}

export class Cluster {
  readonly #programs: string;
  readonly #process: ChildProcess;
  /** The directory of its socket: what clients name as host. */
  readonly socket: string;

  private constructor(programs: string, socket: string, child: ChildProcess) {
    this.#programs = programs;
    this.socket = socket;
    this.#process = child;
  }

  /** Starts the cluster in that directory, made when there is none. */
  static async start(programs: string, directory: string): Promise<Cluster> {
    const [data, socket] = [join(directory, 'data'), join(directory, 'socket')];
    const owner = ownerIds();
    if (!existsSync(join(data, 'PG_VERSION'))) {
      rmSync(directory, { recursive: true, force: true });
      for (const path of [directory, data, socket]) {
        mkdirSync(path, { recursive: true, mode: 0o700 });
        if (owner) chownSync(path, owner.uid, owner.gid);
      }
      const form = ['--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust'];
      execFileSync(join(programs, 'initdb'), [...form, `--pgdata=${data}`], {
        ...owner,
        cwd: '/',
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
    writeFileSync(join(data, 'postgresql.auto.conf'), settingsOf(socket));
    const spawned = spawn(join(programs, 'postgres'), ['-D', data], {
      ...owner,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // What SIGINT asks for is a fast shutdown: connections are ended, and what they did is kept.
    const child = endWithThis(spawned, 'SIGINT');
    const cluster = new Cluster(programs, socket, child);
    await cluster.#untilReady();
    return cluster;
  }

  /** Runs SQL, and gives what it prints: a line per row, its columns separated by `|`. */
  query(database: string, sql: string): string {
    const options = this.#psqlOptions(database);
    return execFileSync(join(this.#programs, 'psql'), options, {
      input: sql,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'inherit'],
    }).trim();
  }

  /** Copies lines in PostgreSQL's text form into a table. */
  async copy(database: string, table: string, lines: Iterable<string>): Promise<void> {
    const options = [...this.#psqlOptions(database), '-c', `copy ${table} from stdin`];
    const child = spawn(join(this.#programs, 'psql'), options, {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit');
    await pipeline(Readable.from(lines), child.stdin);
    const [code] = await ended;
    if (code !== 0) throw new Error(`psql ended with ${code} while it copied into ${table}.`);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    await ended;
  }

  #psqlOptions(database: string): string[] {
    const target = [`--host=${this.socket}`, '--username=postgres', `--dbname=${database}`];
    const form = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align'];
    return [...target, ...form, '--set=ON_ERROR_STOP=1'];
  }

  async #untilReady(): Promise<void> {
    let said = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    const deadline = performance.now() + startLimitMs;
    while (!said.includes('ready to accept connections')) {
      if (this.#process.exitCode !== null || performance.now() > deadline) {
        await this.close();
        throw new Error(`PostgreSQL did not start. It said:\n${said}`);
      }
      await sleep(20);
    }
  }
}

/** PostgreSQL refuses to run as root: then it runs as its own user, or as nobody. */
function ownerIds(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) =>
        Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] })),
      );
      return { uid: uid as number, gid: gid as number };
    } catch {
      // There is no such user: the next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody.');
}
