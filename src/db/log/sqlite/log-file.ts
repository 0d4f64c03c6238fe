/** The log's SQLite file: how it is opened, and what only the driver can tell of it. */
import { closeSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import {
  type CompiledQuery,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from 'kysely';
import { fileIdentity } from '../../shared/file-identity.ts';
import { limits } from '../../shared/limits.ts';
import {
  CannotOpen,
  HistoryDamaged,
  LogDamaged,
  LogInUse,
  StorageFailed,
  type StorageFull,
  Unavailable,
} from '../../shared/problems.ts';
import type { LogTables, VersionTables } from '../tables.ts';
import { Statement } from './statement.ts';
import { sqliteCode, storageErrorOf } from './storage-errors.ts';

/** Written into the file, so that another program's database is not taken for a log: "EVST". */
export const applicationId = 0x45565354;

/**
 * Has a file that holds nothing yet know of each page who refers to it, which takes a page in 800: so
 * pages that hold nothing any more can be given back a few at a time.
 */
export const givingPagesBack = 'pragma auto_vacuum = incremental';

/** What SQLite answers to a checkpoint: counts of pages. */
interface Checkpointed {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** Told of every error of the log's storage before its caller is. */
export type OnStorageError = (error: StorageFull | StorageFailed) => void;

/**
 * One SQLite connection: Kysely over it, and what only the driver can tell. When its files fail,
 * whatever is asked of it throws StorageFull or StorageFailed.
 */
export class LogFile {
  static readonly #open = new Set<LogFile>();
  readonly kysely: Kysely<LogTables>;
  /** The same connection, seen as the tables of entities. */
  readonly versions: Kysely<VersionTables>;
  #database: Database.Database;
  readonly #prepared: SqliteDatabase;
  #dataVersion: Database.Statement<[], number>;
  readonly #identity: string | null;
  readonly #told: <T>(work: () => T) => T;
  /** By what they are of, and their names. */
  #statements = new WeakMap<object, Map<string, Statement>>();
  #openings = 0;
  #leavesCheckpoints = false;

  private constructor(
    database: Database.Database,
    Dialect: typeof SqliteDialect,
    onStorageError: OnStorageError,
  ) {
    this.#database = database;
    this.#identity = fileIdentity(database.name);
    this.#dataVersion = preparedDataVersion(database);
    this.#told = tellingStorageErrors(onStorageError);
    this.#prepared = cachingStatements(() => this.#database, this.#told);
    this.kysely = new Kysely({ dialect: new Dialect({ database: this.#prepared }) });
    this.versions = this.kysely as unknown as Kysely<VersionTables>;
    LogFile.#open.add(this);
  }

  /**
   * Opens the file, or creates it.
   * @param Dialect SqliteInTurns where many may read at once.
   * @throws CannotOpen when it is not a SQLite database, belongs to another program, is newer than
   *   this program, is damaged or cannot be read or written. The file is not changed then.
   */
  static open(
    path: string,
    schemaVersionMax: number,
    onStorageError: OnStorageError = () => {},
    Dialect = SqliteDialect,
  ): LogFile {
    let database: Database.Database | undefined;
    try {
      if (!LogFile.#isOpen(path)) refuseForeign(readHeader(path), path, schemaVersionMax);
      database = openDurably(path, schemaVersionMax);
      return new LogFile(database, Dialect, onStorageError);
    } catch (error) {
      database?.close();
      throw explainOpening(error, path);
    }
  }

  /**
   * Opens a file that is there, and keeps all others from it, those included that have it open and do
   * nothing, for as long as it is open here.
   * @throws LogInUse when another has it open; CannotOpen when it is none that `open` would take.
   */
  static openAlone(path: string, schemaVersionMax: number): LogFile {
    let database: Database.Database | undefined;
    try {
      if (!LogFile.#isOpen(path)) refuseForeign(readHeader(path), path, schemaVersionMax);
      database = new Database(path, { timeout: limits.aloneTimeoutMs, fileMustExist: true });
      // Said before anything is read, it has SQLite lock the file, as it does for no reading else.
      database.pragma('locking_mode = exclusive');
      refuseForeign(askHeader(database), path, schemaVersionMax);
      setDurable(database);
      return new LogFile(database, SqliteDialect, () => {});
    } catch (error) {
      database?.close();
      if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw new LogInUse(path);
      throw explainOpening(error, path);
    }
  }

  /**
   * Opens a file once more that another thread of this process has open. Only SQLite itself looks at it:
   * which threads have it open is known to none of them.
   * @throws CannotOpen as `open` does.
   */
  static openAgain(path: string, schemaVersionMax: number): LogFile {
    try {
      return new LogFile(openDurably(path, schemaVersionMax), SqliteDialect, () => {});
    } catch (error) {
      throw explainOpening(error, path);
    }
  }

  /**
   * Opens a file that is there, to read it alone: nothing that it holds is changed. SQLite may leave
   * an empty write-ahead log beside it.
   * @throws CannotOpen when it is none that `open` would take, or of an older format.
   */
  static openToRead(path: string, schemaVersion: number): LogFile {
    let database: Database.Database | undefined;
    try {
      database = new Database(path, { readonly: true, timeout: limits.busyTimeoutMs });
      const header = askHeader(database);
      refuseForeign(header, path, schemaVersion);
      if (header.empty) {
        throw new CannotOpen(`${path} holds no log. Name another data directory with --data.`);
      }
      if (header.version < schemaVersion) throw olderFormat(path, header.version, schemaVersion);
      return new LogFile(database, SqliteDialect, () => {});
    } catch (error) {
      database?.close();
      throw explainOpening(error, path);
    }
  }

  /**
   * Whether this process has the file open already. To read it past SQLite would then release
   * SQLite's lock: POSIX has a process lose all its locks on a file when it closes it once. Any
   * program that opened and closed the log after that would take itself for the last one, and
   * delete the write-ahead log with what was acknowledged since.
   */
  static #isOpen(path: string): boolean {
    const identity = fileIdentity(path);
    return [...LogFile.#open].some((file) => identity !== null && file.#identity === identity);
  }

  /** A number that changes when another connection committed to the file. */
  dataVersion(): number {
    // SQLite's own, of 32 bits, means something to one connection alone.
    return this.#told(() => this.#openings * 2 ** 32 + (this.#dataVersion.get() as number));
  }

  /**
   * Takes a new connection in the place of the one that there is, which is kept when that fails.
   * @throws Unavailable while a transaction is under way; StorageFailed when its path leads
   *   elsewhere; what `open` throws.
   */
  reopen(schemaVersionMax: number): void {
    if (this.inTransaction) throw new Unavailable('A transaction is under way.');
    const before = this.#database;
    if (fileIdentity(before.name) !== this.#identity) {
      throw new StorageFailed(`${before.name} is no longer the file that was opened.`);
    }
    const database = openDurably(before.name, schemaVersionMax);
    if (this.#leavesCheckpoints) leaveCheckpoints(database);
    this.#dataVersion = preparedDataVersion(database);
    this.#database = database;
    this.#statements = new WeakMap();
    this.#openings += 1;
    before.close();
  }

  /**
   * A statement that is run in place: without a promise, and without another query between.
   * @param of what it is a statement of, such as an entity; kept as long as that is.
   * @param name which of its statements.
   * @param write has Kysely write it, the first time that it is asked for.
   */
  statement(of: object, name: string, write: () => CompiledQuery): Statement {
    const own = this.#statements.get(of) ?? new Map<string, Statement>();
    const known = own.get(name);
    if (known) return known;
    const statement = new Statement(this.#database, write(), this.#told);
    own.set(name, statement);
    this.#statements.set(of, own);
    return statement;
  }

  /**
   * Whether what is committed is on disk when the commit returns, as it is unless this says otherwise.
   * What is not yet is once a later commit is, of whatever connection, and before it is taken in.
   */
  synchronizeCommits(does: boolean): void {
    this.#told(() => this.#database.pragma(`synchronous = ${does ? 'full' : 'normal'}`));
  }

  /** Runs a query in place: without a promise, and without another query between. @returns its rows. */
  run<Row>({ sql }: CompiledQuery<Row>, parameters: readonly unknown[]): Row[] {
    const statement = this.#prepared.prepare(sql);
    if (statement.reader) return statement.all(parameters) as Row[];
    statement.run(parameters);
    return [];
  }

  /** Lets SQLite keep so many bytes of the file's pages in memory: much is written all over it. */
  keepPages(bytes: number): void {
    this.#told(() => this.#database.pragma(`cache_size = -${Math.ceil(bytes / 1024)}`));
  }

  /** Gives pages that hold nothing back to the file system: so many at most, in one commit. */
  releasePages(count: number): void {
    // One step of a statement gives back one page: this takes all of them.
    this.#told(() => this.#database.exec(`pragma incremental_vacuum(${count})`));
  }

  /** Writes the whole file anew, without pages that hold nothing, and so that it can give them back. */
  rewrite(): void {
    this.#told(() => this.#database.exec(`${givingPagesBack}; vacuum`));
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /**
   * Moves the write-ahead log into the database file, as far as nobody reads it as it was.
   * @returns whether all of it is there, and on disk.
   */
  takeIn(): boolean {
    const [row] = this.#told(() =>
      this.#database.pragma('wal_checkpoint(passive)'),
    ) as Checkpointed[];
    return row !== undefined && row.busy === 0 && row.log === row.checkpointed;
  }

  /**
   * How many pages are in the write-ahead log, and of how many the database file has what they hold; null
   * within a transaction, where SQLite does not tell.
   */
  writeAhead(): { readonly pages: number; readonly takenIn: number } | null {
    if (this.inTransaction) return null;
    // It only counts them.
    const [row] = this.#prepared.prepare('pragma wal_checkpoint(noop)').all([]);
    const { log, checkpointed } = row as Checkpointed;
    return { pages: log, takenIn: checkpointed };
  }

  /** Leaves it to another connection to take the write-ahead log in, as far as that does not fall behind. */
  leaveCheckpoints(): void {
    this.#leavesCheckpoints = true;
    this.#told(() => leaveCheckpoints(this.#database));
  }

  /** Moves the write-ahead log into the database file. */
  checkpoint(): void {
    this.#told(() => this.#database.pragma('wal_checkpoint(truncate)'));
  }

  /** Closes the file, after the queries that wait for it already. */
  async close(): Promise<void> {
    await this.kysely.connection().execute(async () => {});
    await this.kysely.destroy();
    LogFile.#open.delete(this);
  }
}

/** A connection as all that write have it. @throws CannotOpen, and what SQLite throws. */
function openDurably(path: string, schemaVersionMax: number): Database.Database {
  // Another process may be opening the same file, and hold it for a moment.
  const database = new Database(path, { timeout: limits.busyTimeoutMs });
  try {
    const header = askHeader(database);
    refuseForeign(header, path, schemaVersionMax);
    if (header.empty) database.exec(givingPagesBack);
    setDurable(database);
    // From here on waiting is up to the caller, who does not block the event loop.
    database.pragma('busy_timeout = 0');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function leaveCheckpoints(database: Database.Database): void {
  database.pragma(`wal_autocheckpoint = ${limits.writeAheadPagesMax}`);
}

function preparedDataVersion(database: Database.Database): Database.Statement<[], number> {
  return database.prepare<[], number>('pragma data_version').pluck();
}

/** Has whoever is told know of storage errors, and the caller meet them as such. */
function tellingStorageErrors(onStorageError: OnStorageError): <T>(work: () => T) => T {
  return (work) => {
    try {
      return work();
    } catch (error) {
      const failure = storageErrorOf(error);
      if (failure) onStorageError(failure);
      throw failure ?? error;
    }
  };
}

/** Kysely prepares a statement for each query; the same text needs that only once. */
function cachingStatements(
  connection: () => Database.Database,
  told: <T>(work: () => T) => T,
): SqliteDatabase {
  const statementsMax = 500;
  const statements = new Map<string, SqliteStatement>();
  let preparedBy: Database.Database | null = null;
  return {
    close: () => void connection().close(),
    prepare(text) {
      const database = connection();
      if (database !== preparedBy) statements.clear();
      preparedBy = database;
      const known = statements.get(text);
      if (known) return known;
      if (statements.size >= statementsMax) statements.clear();
      const prepared = told(() => database.prepare(text)) as unknown as SqliteStatement;
      const statement: SqliteStatement = {
        reader: prepared.reader,
        all: (parameters) => told(() => prepared.all(parameters)),
        run: (parameters) => told(() => prepared.run(parameters)),
        // Nothing streams: whoever iterated would meet SQLite's own errors.
        iterate: (parameters) => prepared.iterate(parameters),
      };
      statements.set(text, statement);
      return statement;
    },
  };
}

/** What a SQLite file says of itself. */
interface Header {
  readonly empty: boolean;
  readonly application: number;
  readonly version: number;
}

/**
 * Reads the header past SQLite, which takes in a write-ahead log when it closes a file.
 * @returns null when it cannot be read, or is none of SQLite's: opening it will tell why.
 * @throws CannotOpen when it cannot be written: SQLite would find that out at the first write.
 */
function readHeader(path: string): Header | null {
  // Where SQLite's file format has them: the header, then the count of tables and indexes.
  const bytes = Buffer.alloc(105);
  try {
    const file = openSync(path, 'r+');
    readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return null;
    throw new CannotOpen(`${path} cannot be written. Check its permissions (${code}).`, {
      cause: error,
    });
  }
  if (bytes.toString('latin1', 0, 16) !== 'SQLite format 3\0') return null;
  const empty = bytes.readUInt16BE(103) === 0;
  return { empty, version: bytes.readUInt32BE(60), application: bytes.readUInt32BE(68) };
}

function askHeader(database: Database.Database): Header {
  const tables = database.prepare('select count(*) from sqlite_schema').pluck().get() as number;
  const ask = (name: string) => database.pragma(name, { simple: true }) as number;
  return {
    empty: tables === 0,
    version: ask('user_version'),
    application: ask('application_id'),
  };
}

function refuseForeign(header: Header | null, path: string, versionMax: number): void {
  if (!header) return;
  if (!header.empty && header.application !== applicationId) {
    throw new CannotOpen(
      `${path} is a database of another program. Name another data directory with --data.`,
    );
  }
  if (header.version > versionMax) {
    throw new CannotOpen(
      `${path} was written by a newer Everstate: this one knows its format up to version ` +
        `${versionMax}, but the file has ${header.version}. Start the newer Everstate.`,
    );
  }
}

function olderFormat(path: string, version: number, expected: number): CannotOpen {
  return new CannotOpen(
    `${path} was written by an older Everstate: its format is version ${version}, and this one reads ` +
      `version ${expected}. Serve it once, which brings it there.`,
  );
}

function setDurable(database: Database.Database): void {
  setWal(database);
  // better-sqlite3 is compiled so that a WAL database opens with NORMAL, which forgets
  // acknowledged commits when power fails.
  database.pragma('synchronous = full');
  database.pragma('foreign_keys = on');
  // Without it "insert or replace" deletes a version without firing the trigger that refuses.
  database.pragma('recursive_triggers = on');
  const set = (name: string) => database.pragma(name, { simple: true });
  if (set('journal_mode') !== 'wal' || set('synchronous') !== 2 || set('foreign_keys') !== 1) {
    throw new CannotOpen(
      'SQLite did not accept WAL with synchronous=FULL and foreign keys, so commits would not be ' +
        'durable. Use a data directory on a local file system.',
    );
  }
}

/** When several processes do this at once, SQLite fails for some of them without waiting. */
function setWal(database: Database.Database): void {
  const deadline = performance.now() + limits.busyTimeoutMs;
  for (;;) {
    try {
      database.pragma('journal_mode = wal');
      return;
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_BUSY' || performance.now() >= deadline) throw error;
    }
    // Jitter keeps them from doing it in step again.
    const pauseMs = limits.busyRetryMs * (0.5 + Math.random());
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
}

const openingHelp: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: 'is not a SQLite database. Name another data directory, or restore a backup',
  SQLITE_CORRUPT: 'is damaged. Restore it from a backup',
  SQLITE_CANTOPEN: 'cannot be opened. Check that the directory exists and its permissions',
  SQLITE_IOERR: 'cannot be read or written. Check the disk, and that it is a file',
  SQLITE_READONLY: 'cannot be written. Check its permissions',
  SQLITE_FULL: 'cannot be written: its disk is full. Free some space',
  SQLITE_IOERR_SHMSIZE: 'cannot be opened: its disk is full. Free some space',
  SQLITE_BUSY: 'is held by another process. Wait for it, or name another data directory',
};

/** What was met while the log was opened, as what its user can do; what is no such thing as it is. */
export function explainOpening(error: unknown, path: string): unknown {
  const code = sqliteCode(error instanceof Error && error.cause ? error.cause : error);
  if (error instanceof CannotOpen) return error;
  if (error instanceof HistoryDamaged) {
    return new LogDamaged(`${path} is damaged. ${error.message}`, { cause: error });
  }
  if (error instanceof Unavailable && error.code === 'UNAVAILABLE') {
    return new CannotOpen(error.message, { cause: error });
  }
  if (code === null) return error;
  const kind = code.split('_').slice(0, 2).join('_');
  const help = openingHelp[code] ?? openingHelp[kind];
  const isDamage = kind === 'SQLITE_CORRUPT' || kind === 'SQLITE_NOTADB';
  const Explained = isDamage ? LogDamaged : CannotOpen;
  return new Explained(`${path} ${help ?? 'cannot be used'} (${code}).`, { cause: error });
}
