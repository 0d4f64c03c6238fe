/** `everstate export`: a state or the whole history of a log, as files that other programs read. */
import { createWriteStream, existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type LogAccess, limits, renameDurably, syncPath } from '../db/index.ts';
import {
  type Entity,
  fieldColumnsOf,
  fieldValue,
  type Position,
  positionZero,
  type Transaction,
  type TransactionId,
  type Version,
} from '../entities/index.ts';
import type { RefuseWhenInterrupted } from '../terminal/index.ts';
import { columnsOfHistory, columnsOfState, columnsOfTransactions } from './columns.ts';
import type { Format } from './formats.ts';
import {
  contentsPath,
  type ExportedEntity,
  type ExportedFile,
  fieldsOf,
  type Manifest,
  manifestName,
  manifestOf,
} from './manifest.ts';
import { Refused } from './refused.ts';
import { RowFile } from './row-file.ts';

export interface ExportQuery {
  readonly directory: string;
  readonly format: Format;
  readonly contains: Manifest['contains'];
  readonly entities: readonly Entity[];
  /** Whether these are all that the log holds. */
  readonly isWhole: boolean;
  /** The position at which it is consistent. */
  readonly at: Position;
  /** Whether contents of files are exported, too. */
  readonly withContents: boolean;
}

/** Told of positions that were passed, of how many all passes have. */
export type OnPassed = (name: string, positions: number) => void;

/**
 * Exports what the query says. Versions never change, so what was true at a position is, while
 * others go on writing. The directory has its name once all of it is on disk.
 * @throws Refused when there is something at the directory already; what fails leaves nothing there.
 */
export async function exportLog(
  log: LogAccess,
  query: ExportQuery,
  onPassed: OnPassed,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Manifest> {
  const directory = resolve(query.directory);
  refuseExisting(directory);
  const unfinished = `${directory}.unfinished`;
  // What an export that was killed left behind.
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    const run = new ExportRun(log, { ...query, directory: unfinished }, (...passed) => {
      refuseWhenInterrupted();
      onPassed(...passed);
    });
    const manifest = await run.write();
    await writeFile(join(unfinished, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, {
      flush: true,
    });
    await syncPath(unfinished);
    await renameDurably(unfinished, directory);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

class ExportRun {
  readonly #log: LogAccess;
  readonly #query: ExportQuery;
  readonly #onPassed: OnPassed;
  /** Contents that are named. */
  readonly #contents = new Set<string>();

  constructor(log: LogAccess, query: ExportQuery, onPassed: OnPassed) {
    this.#log = log;
    this.#query = query;
    this.#onPassed = onPassed;
  }

  async write(): Promise<Manifest> {
    const { at, contains, format, isWhole, entities, withContents } = this.#query;
    const written: ExportedEntity[] = [];
    for (const entity of entities) {
      const file = await this.#writeEntity(entity);
      written.push({ name: entity.name, ...file, fields: fieldsOf(entity) });
    }
    const transactions = contains === 'history' ? await this.#writeTransactions() : null;
    const contents = withContents ? await this.#writeContents() : null;
    return manifestOf({
      logId: this.#log.logId,
      position: at,
      contains,
      isWhole,
      format,
      entities: written,
      transactions,
      contents,
    });
  }

  async #writeEntity(entity: Entity): Promise<ExportedFile> {
    const { directory, format, contains, at } = this.#query;
    const columns = contains === 'history' ? columnsOfHistory(entity) : columnsOfState(entity);
    const named = contentsFieldsOf(entity);
    const file = await RowFile.create(directory, entity.name, format, columns);
    try {
      for (let after = positionZero; after < at; ) {
        const [versions, passed] = this.#next(entity, after);
        this.#noteContents(versions, named);
        await file.add(versions);
        this.#onPassed(entity.name, passed - after);
        after = passed;
      }
      return await file.end();
    } finally {
      await file.abandon();
    }
  }

  /** The next rows, and the position that they go up to. */
  #next(entity: Entity, after: Position): [Version[], Position] {
    const { contains, at } = this.#query;
    if (contains === 'history') {
      const versions = this.#log.nextVersions(entity, after, at);
      const isLast = versions.length < limits.transferRows;
      return [versions, isLast ? at : (versions.at(-1)?.position ?? at)];
    }
    const last = Math.min(after + limits.transferRows, at) as Position;
    return [this.#log.liveVersions(entity, after, last, at), last];
  }

  async #writeTransactions(): Promise<ExportedFile> {
    const { directory, format, at, isWhole } = this.#query;
    const file = await RowFile.create(directory, 'transactions', format, columnsOfTransactions);
    try {
      for (let last = 0 as TransactionId; ; ) {
        const read = await this.#log.transactionsAfter(last);
        const some = read.filter(({ lastPosition }) => lastPosition <= at);
        await file.add(isWhole ? some : some.filter((each) => this.#hasVersions(each)));
        this.#onPassed('transactions', 0);
        if (some.length < limits.transferRows) break;
        last = some.at(-1)?.id ?? last;
      }
      return await file.end();
    } finally {
      await file.abandon();
    }
  }

  /** Whether a transaction has versions of what is exported. */
  #hasVersions({ firstPosition, lastPosition }: Transaction): boolean {
    const before = (firstPosition - 1) as Position;
    return this.#query.entities.some(
      (entity) => this.#log.nextVersions(entity, before, lastPosition).length > 0,
    );
  }

  #noteContents(versions: readonly Version[], named: readonly string[]): void {
    if (!this.#query.withContents || named.length === 0) return;
    for (const version of versions) {
      for (const name of named) {
        const sha256 = fieldValue(version, name);
        if (sha256 !== null) this.#contents.add(String(sha256));
      }
    }
  }

  async #writeContents(): Promise<{ count: number; bytes: number }> {
    const { directory } = this.#query;
    await mkdir(join(directory, 'files'));
    let bytes = 0;
    const left = this.#contents.values();
    const writeNext = async () => {
      for (const sha256 of left) {
        const target = createWriteStream(contentsPath(directory, sha256), { flush: true });
        await pipeline(this.#log.contents(sha256), target);
        bytes += target.bytesWritten;
        this.#onPassed('contents', 0);
      }
    };
    // Each waits for the disk most of the time.
    const written = Array.from({ length: limits.filesAtATime }, writeNext);
    // None writes on into a directory that is removed, because another failed.
    await Promise.allSettled(written);
    await Promise.all(written);
    return { count: this.#contents.size, bytes };
  }
}

/** The fields of an entity that name contents. */
function contentsFieldsOf(entity: Entity): string[] {
  return fieldColumnsOf(entity).flatMap(({ name, field }) => (field.contents ? [name] : []));
}

function refuseExisting(directory: string): void {
  if (!existsSync(directory) || isEmptyDirectory(directory)) return;
  throw new Refused(
    'TARGET_EXISTS',
    `${directory} is there already: an export never writes over anything. Name another directory.`,
  );
}

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
