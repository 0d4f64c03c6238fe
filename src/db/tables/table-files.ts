/**
 * Tables that were read, as files of Parquet beside the log: what is asked again need not be read again. They
 * are disposable, belong to one process, and go with it.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { limits } from '../shared/limits.ts';
import { storeClosing } from '../shared/problems.ts';
import type { Conversion } from './question.ts';
import { writeTable } from './table-bytes.ts';
import type { TableSource } from './table-source.ts';

type Convert = (conversion: Conversion, signal: AbortSignal) => Promise<unknown>;

/** A table as a file, or on its way to one. */
interface KeptTable {
  readonly path: string;
  readonly made: Promise<number>;
  /** Ends the making, once nobody waits for it. */
  readonly cancel: AbortController;
  /** Those who wait for it or read it: it stays until they are done. */
  users: number;
  /** Of the file, in bytes; 0 until it is made. */
  size: number;
  /** Whether it is kept no longer. */
  isDropped: boolean;
}

export class TableFiles {
  readonly #parent: string;
  readonly #directory: string;
  readonly #convert: Convert;
  /** The one that was used last is the last. */
  readonly #kept = new Map<string, KeptTable>();
  #size = 0;
  #isThere: Promise<unknown> | null = null;

  /**
   * @param parent the directory of these files, of this process and of others.
   * @param convert makes Parquet of a text.
   */
  constructor(parent: string, convert: Convert) {
    this.#parent = parent;
    this.#directory = join(parent, `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`);
    this.#convert = convert;
  }

  /**
   * Has tables as files of Parquet while they are worked with.
   * @param work told their paths, in the order of the sources.
   * @throws what reading them throws, and the reason of the signal.
   */
  async use<T>(
    sources: readonly TableSource[],
    signal: AbortSignal,
    work: (paths: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const tables = sources.map((source) => this.#take(source));
    try {
      for (const { made } of tables) await unlessAborted(made, signal);
      return await work(tables.map(({ path }) => path));
    } finally {
      for (const table of tables) this.#leave(table);
    }
  }

  /** What they take on disk, in bytes. */
  get bytes(): number {
    return this.#size;
  }

  /** Has none of them used again; each goes when those who use it are done. */
  clear(): void {
    for (const table of this.#kept.values()) {
      table.isDropped = true;
      if (table.users === 0) this.#drop(table);
    }
    this.#kept.clear();
  }

  /** Removes all of them. */
  close(): void {
    for (const { cancel } of this.#kept.values()) cancel.abort(storeClosing());
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #take(source: TableSource): KeptTable {
    const { key, format, sheet } = source;
    const name = JSON.stringify([key, format, sheet]);
    const table = this.#kept.get(name) ?? this.#make(source, name);
    table.users += 1;
    this.#kept.delete(name);
    this.#kept.set(name, table);
    return table;
  }

  #make(source: TableSource, name: string): KeptTable {
    const path = join(this.#directory, `${randomUUID()}.parquet`);
    const cancel = new AbortController();
    const made = this.#write(source, path, cancel.signal);
    const table: KeptTable = { path, made, cancel, users: 0, size: 0, isDropped: false };
    made.then(
      (size) => {
        table.size = size;
        this.#size += size;
        this.#makeRoom();
      },
      // Whoever waits for it is told; it is tried anew for the next.
      () => this.#kept.get(name) === table && this.#kept.delete(name),
    );
    return table;
  }

  async #write(source: TableSource, path: string, signal: AbortSignal): Promise<number> {
    this.#isThere ??= makeDirectory(this.#parent, this.#directory);
    await this.#isThere;
    const { format, sheet, columns } = source;
    const text = `${path}.text`;
    try {
      if (format === 'parquet') await writeTable(source, path, signal);
      else {
        await writeTable(source, text, signal);
        const from = { name: 'The file', path: text };
        await this.#convert({ kind: 'convert', from, to: path, format, sheet, columns }, signal);
      }
      return (await stat(path)).size;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await rm(text, { force: true });
    }
  }

  #leave(table: KeptTable): void {
    table.users -= 1;
    if (table.users === 0 && table.isDropped) this.#drop(table);
    if (table.users === 0 && table.size === 0)
      table.cancel.abort(new Error('Nobody waits for it.'));
    this.#makeRoom();
  }

  #drop({ path, size, cancel }: KeptTable): void {
    cancel.abort(new Error('Nobody waits for it.'));
    this.#size -= size;
    rmSync(path, { force: true });
  }

  /** Removes those that were not used for longest. */
  #makeRoom(): void {
    for (const [name, { path, size, users }] of this.#kept) {
      if (this.#size <= limits.keptTablesBytesMax) return;
      if (users > 0 || size === 0) continue;
      this.#kept.delete(name);
      this.#size -= size;
      rmSync(path, { force: true });
    }
  }
}

/** Makes the directory of this process, and removes those of processes of this machine that are no more. */
async function makeDirectory(parent: string, directory: string): Promise<void> {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const [, host, pid] = /^(.*)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? [];
    if (host !== hostname() || isAlive(Number(pid))) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unlessAborted<T>(made: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    made.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
