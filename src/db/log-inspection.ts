/**
 * The log of a data directory, read alone: for what checks it, or proves something by it. Nothing is
 * written into it, and a server may have it open meanwhile.
 */
import { join } from 'node:path';
import type { Entity, Position, Version } from '../entities/index.ts';
import type { Verified, VerifyWatch } from './log/defect.ts';
import type { InclusionProof } from './log/inclusion-proof.ts';
import { LogReader, type LogTotals } from './log/log-reader.ts';
import type { LogHead } from './log/log-tree.ts';
import { readLastVersion, readRevision } from './log/logged-records.ts';
import { proveVersion } from './log/prove.ts';
import { LogFile } from './log/sqlite/log-file.ts';
import { writtenKinds } from './log/sqlite/logged-kinds.ts';
import { schemaVersion } from './log/sqlite/migrations.ts';
import { HeadWatch, type KnownHead } from './log/verify/head-watch.ts';
import { verifyLog } from './log/verify/verify.ts';
import { hasLog, noLog } from './log-access.ts';
import { logPathIn } from './log-files.ts';
import { checkReplicas, type ReplicaCheck, type ReplicaVerdict } from './replica/replica-check.ts';

/** What came of verifying a log. */
export interface VerifiedHead extends Verified {
  /** The head, where nothing is wrong. */
  readonly head: LogHead | null;
  /** Where the known head was met: up to there nothing was altered. Null where it was not. */
  readonly knownAt: Position | null;
}

export class LogInspection {
  readonly #directory: string;
  readonly #entities: readonly Entity[];
  readonly #file: LogFile;
  readonly #log: LogReader;

  private constructor(directory: string, entities: readonly Entity[], file: LogFile) {
    this.#directory = directory;
    this.#entities = entities;
    this.#file = file;
    this.#log = new LogReader(file, entities);
  }

  /**
   * @param entities those that the log is served with.
   * @throws CannotOpen with one line that says what is wrong and what to do.
   */
  static open(directory: string, entities: readonly Entity[]): LogInspection {
    if (!hasLog(directory)) throw noLog(directory);
    const file = LogFile.openToRead(logPathIn(directory), schemaVersion);
    return new LogInspection(directory, entities, file);
  }

  totals(): Promise<LogTotals> {
    return this.#log.totals();
  }

  /**
   * How many versions and contents of files there are to be verified; 0 where the log is so damaged
   * that it cannot be told, which verifying will say.
   */
  async size(): Promise<{ readonly versions: number; readonly contents: number }> {
    try {
      const { versions } = await this.#log.totals();
      return { versions, contents: await this.#log.contentsCount() };
    } catch {
      return { versions: 0, contents: 0 };
    }
  }

  /**
   * Proves that the history is as it was written, as Store.verify does.
   * @param known a head that was noted elsewhere: nothing up to it may have been altered since.
   */
  async verify(known: KnownHead | null, watch: VerifyWatch): Promise<VerifiedHead> {
    const written = await writtenKinds(this.#file, this.#entities);
    const heads = new HeadWatch(known);
    const onVersion = (digest: Uint8Array) => {
      heads.onVersion(digest);
      watch.onVersion(digest);
    };
    const onContents = () => watch.onContents();
    const found = await verifyLog(this.#file, this.#log, written, { onVersion, onContents });
    const defect = found.defect ?? heads.defect();
    return { ...found, defect, head: defect ? null : heads.head, knownAt: heads.knownAt };
  }

  /** Compares the replica files of the directory with the log, those that a server uses included. */
  async checkReplicas(check: Pick<ReplicaCheck, 'scratch' | 'onRows'>): Promise<ReplicaVerdict[]> {
    const directory = join(this.#directory, 'replica');
    const [log, entities] = [this.#log, this.#entities];
    return await checkReplicas(directory, { ...check, log, entities });
  }

  /**
   * A record's version with a number, or its last one.
   * @returns null when it has none.
   */
  version(entity: Entity, id: string, revision: number | null): Version | null {
    if (revision === null) return readLastVersion(this.#file, entity, id);
    return readRevision(this.#file, entity, id, revision);
  }

  /**
   * Proof that a version is in the log, for whoever has the head at a position.
   * @param at not before the version, and not after the log's end.
   */
  prove(version: Version, at: Position): Promise<InclusionProof> {
    const tree = this.#log.tree();
    return proveVersion(this.#file, tree, version, at);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
