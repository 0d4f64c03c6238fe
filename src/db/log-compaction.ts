/**
 * The log of a data directory, for what makes its file smaller. No version is touched: pages that hold
 * nothing any more go back to the file system.
 */
import type { Position } from '../entities/index.ts';
import type { Defect } from './log/defect.ts';
import { readLogEnd } from './log/log-end.ts';
import { LogReader } from './log/log-reader.ts';
import type { LogHead } from './log/log-tree.ts';
import { explainOpening, LogFile } from './log/sqlite/log-file.ts';
import { type LogRoom, readRoom, releaseRoom } from './log/sqlite/log-room.ts';
import { refuseOtherFormat, schemaVersion } from './log/sqlite/migrations.ts';
import { refuseWithoutRoom, rewriteFileAlone } from './log/sqlite/rewrite-file.ts';
import { verifyFile } from './log/sqlite/verify-file.ts';
import { hasLog, noLog } from './log-access.ts';
import { logPathIn } from './log-files.ts';

export class LogCompaction {
  readonly #directory: string;
  #file: LogFile;

  private constructor(directory: string, file: LogFile) {
    this.#directory = directory;
    this.#file = file;
  }

  /** @throws CannotOpen when there is no log, or one of another format. */
  static async open(directory: string): Promise<LogCompaction> {
    if (!hasLog(directory)) throw noLog(directory);
    const path = logPathIn(directory);
    const file = LogFile.open(path, schemaVersion);
    try {
      await refuseOtherFormat(file, path, 'compacts');
      return new LogCompaction(directory, file);
    } catch (error) {
      await file.close();
      throw explainOpening(error, path);
    }
  }

  room(): Promise<LogRoom> {
    return readRoom(this.#file);
  }

  /** The head of the log, out of what is in its file: now, or at a position that it has. */
  async head(position: Position = readLogEnd(this.#file).position): Promise<LogHead> {
    return await new LogReader(this.#file, []).tree().head(position);
  }

  /**
   * Gives back what is free, beside a server or without one; what ends it leaves the log whole.
   * @param onBytes told of bytes that were given back; what it throws ends this.
   * @throws StorageFull, StorageFailed, and Unavailable when another process holds the log for long.
   */
  async release(onBytes: (bytes: number) => void): Promise<void> {
    await releaseRoom(this.#file, onBytes);
    this.#file.checkpoint();
  }

  /**
   * Writes the whole file anew, in one commit, for a log that cannot give back pages otherwise.
   * @throws LogInUse when another process has the log open; StorageFull when there is no room for it.
   */
  async rewrite(): Promise<void> {
    const path = logPathIn(this.#directory);
    await refuseWithoutRoom(this.#file, path);
    await this.#file.close();
    try {
      await rewriteFileAlone(path, schemaVersion);
    } finally {
      this.#file = LogFile.open(path, schemaVersion);
    }
  }

  /** What is wrong with the file, by SQLite's own checks of its pages and indexes; null when nothing is. */
  check(): Promise<Defect | null> {
    return verifyFile(this.#file);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
