/** The log of a data directory, alone: for what has it begin anew. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Entity } from '../entities/index.ts';
import { type LogEnd, readLogEnd } from './log/log-end.ts';
import { clearLog } from './log/sqlite/clear-log.ts';
import { LogFile } from './log/sqlite/log-file.ts';
import { refuseOtherFormat, schemaVersion } from './log/sqlite/migrations.ts';
import { hasLog, noLog } from './log-access.ts';
import { logPathIn } from './log-files.ts';

export class LogClearing {
  readonly #directory: string;
  readonly #file: LogFile;

  private constructor(directory: string, file: LogFile) {
    this.#directory = directory;
    this.#file = file;
  }

  /**
   * Opens the log, which nobody else can open until it is closed here.
   * @throws LogInUse when another process has it open; CannotOpen when there is none, or one of another
   *   format.
   */
  static async open(directory: string): Promise<LogClearing> {
    if (!hasLog(directory)) throw noLog(directory);
    const path = logPathIn(directory);
    const file = LogFile.openAlone(path, schemaVersion);
    try {
      await refuseOtherFormat(file, path, 'clears');
      return new LogClearing(directory, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Where the log ends. */
  end(): LogEnd {
    return readLogEnd(this.#file);
  }

  /**
   * Has the log hold nothing, in one commit, and be another one, with an id of its own. What was made of
   * it, replicas and tables, is removed.
   * @param entities kinds of records, as they are defined now.
   * @throws StorageFull, StorageFailed: then the log is as it was.
   */
  async clear(entities: readonly Entity[]): Promise<void> {
    await clearLog(this.#file, entities);
    for (const made of ['replica', 'tables']) {
      rmSync(join(this.#directory, made), { recursive: true, force: true });
    }
    // Nothing is left to be copied, so this takes no room and no time.
    this.#file.rewrite();
    this.#file.checkpoint();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
