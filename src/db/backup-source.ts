/** The log of a data directory as a backup reads it: nothing is written there. */
import type { Position } from '../entities/index.ts';
import { endOfTransaction, type LogEnd, readLogEnd } from './log/log-end.ts';
import { EarlierContents } from './log/segments/earlier-contents.ts';
import type { Segment } from './log/segments/segment.ts';
import { writeSegment } from './log/segments/segment-writer.ts';
import { explainOpening, LogFile } from './log/sqlite/log-file.ts';
import { formatOf, schemaVersion } from './log/sqlite/migrations.ts';
import { SqliteInTurns } from './log/sqlite/sqlite-in-turns.ts';
import { hasLog, noLog } from './log-access.ts';
import { logPathIn } from './log-files.ts';
import { fileIdentity } from './shared/file-identity.ts';
import { CannotOpen, StorageFailed } from './shared/problems.ts';

export interface SegmentQuery {
  /** Where the segment begins: an end that the log had. */
  readonly after: LogEnd;
  /** Where it ends: an end that the log had later, or has. */
  readonly until: LogEnd;
  /** It ends with the transaction with which it has so many bytes; with null it has all. */
  readonly bytesMax: number | null;
  /** The segments before it, by their paths: what they have of contents is not written again. */
  readonly earlier: readonly string[];
  /** Told of versions that were written; what it throws ends the writing. */
  readonly onVersions: (count: number) => void;
}

export class BackupSource {
  readonly #file: LogFile;
  readonly #path: string;
  readonly #identity: string | null;

  private constructor(file: LogFile, path: string) {
    this.#file = file;
    this.#path = path;
    this.#identity = fileIdentity(path);
  }

  /**
   * Opens the log of a data directory, beside a server or without one.
   * @throws CannotOpen when there is none, or one of an earlier format: to bring it to this one would
   *   change what was to be kept as it is.
   */
  static async open(directory: string): Promise<BackupSource> {
    if (!hasLog(directory)) throw noLog(directory);
    const path = logPathIn(directory);
    const file = LogFile.open(path, schemaVersion, () => {}, SqliteInTurns);
    try {
      const format = await formatOf(file.kysely);
      if (format === schemaVersion) return new BackupSource(file, path);
      throw new CannotOpen(
        `${path} has format ${format}, and this Everstate backs up format ${schemaVersion}. Back it ` +
          'up with the Everstate that wrote it, or start this one first, which brings it over.',
      );
    } catch (error) {
      await file.close();
      throw explainOpening(error, path);
    }
  }

  /** Where the log ends now. */
  end(): LogEnd {
    return readLogEnd(this.#file);
  }

  /** The end that the log has, or had, with the transaction that has a position; null without one. */
  endAt(position: Position): Promise<LogEnd | null> {
    return endOfTransaction(this.#file, position);
  }

  /** The id of the log. */
  async id(): Promise<string> {
    const { kysely } = this.#file;
    return (await kysely.selectFrom('log').select('id').executeTakeFirstOrThrow()).id;
  }

  /** A number that changes when something was committed. */
  changes(): number {
    return this.#file.dataVersion();
  }

  /** @throws StorageFailed when the path leads to another log by now, or to none. */
  refuseWhenGone(): void {
    if (fileIdentity(this.#path) === this.#identity) return;
    throw new StorageFailed(
      `${this.#path} is no longer the file that was opened: the data directory was deleted or ` +
        'replaced. Nothing more is backed up. Start again once it is where it belongs.',
    );
  }

  /**
   * Writes a segment to a path at which nothing is; it is not brought to disk yet.
   * @throws VersionsMissing when the log lacks versions, HistoryDamaged and ContentsDamaged for what is not
   *   as it was written, and what is thrown where files fail.
   */
  async writeSegment(path: string, query: SegmentQuery): Promise<Segment> {
    const earlier = new EarlierContents(query.earlier);
    try {
      return await writeSegment(this.#file, path, { ...query, earlier });
    } finally {
      await earlier.close();
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
