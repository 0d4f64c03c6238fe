/** One transaction of the log while it is written: what a mutation may do. */
import type { Kysely } from 'kysely';
import type {
  Entity,
  Microseconds,
  PatchValues,
  Position,
  Transaction,
  TransactionId,
  ValuesOf,
  Version,
} from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { limits } from '../shared/limits.ts';
import { InvalidInput, NotFound } from '../shared/problems.ts';
import { differingFields, valuesOfPatch } from '../shared/values.ts';
import { writeBytes } from './contents/contents.ts';
import type { ContentsInfo } from './contents/contents-rows.ts';
import { type EndedUpload, keepResumable } from './contents/resumable-rows.ts';
import { keepUpload, type Uploaded } from './contents/upload-rows.ts';
import { type Erasure, type ErasureTerms, eraseRecords, isErased } from './erase.ts';
import { firstVersion, firstVersions, type NewRecord } from './first-versions.ts';
import type { LogEnd } from './log-end.ts';
import type { LogReader } from './log-reader.ts';
import { findByUniqueKey, readLastVersion } from './logged-records.ts';
import type { Pace } from './pace.ts';
import { type EarlierState, findEarlierState } from './restore.ts';
import { planRevert } from './revert.ts';
import type { LogFile } from './sqlite/log-file.ts';
import {
  type PatchCondition,
  rebase,
  refuseImpossibleRevision,
  refuseStale,
  type WriteCondition,
} from './stale-write.ts';
import type { LogTables } from './tables.ts';
import { type TransactionAbout, TransactionHead } from './transaction-head.ts';
import { VersionChain } from './version-chain.ts';
import type { VersionChange } from './version-change.ts';

/** What one change of one record came to. */
export interface Updated<E extends Entity = Entity> {
  /** The record after the change; the version it had when nothing was changed. */
  readonly version: Version<E>;
  readonly changed: boolean;
  /** The later versions that a stale patch was applied on top of, oldest first. */
  readonly rebasedOver: readonly Version<E>[];
}

type AnyValues = Readonly<Record<string, unknown>>;

/**
 * Changes of records that are committed together or not at all. Every method may throw a Problem;
 * the transaction fails with it unless the caller catches it.
 */
export class LogTransaction {
  readonly #log: LogFile;
  readonly #reader: LogReader;
  readonly #head: TransactionHead;
  readonly #chain: VersionChain;
  readonly #sight: Sight;
  readonly #pace: Pace;
  /** Settles when the last change that had to wait is done; null while none does. */
  #turn: Promise<unknown> | null = null;
  #over = false;

  /**
   * @param reader reads the log through the connection that writes it.
   * @param sight of whoever writes.
   * @param pace of all that the writer does.
   * @throws InvalidInput when actor or reason cannot be kept.
   */
  constructor(
    log: LogFile,
    reader: LogReader,
    end: LogEnd,
    now: Microseconds,
    about: TransactionAbout,
    sight: Sight,
    pace: Pace,
  ) {
    this.#log = log;
    this.#reader = reader;
    this.#sight = sight;
    this.#pace = pace;
    this.#head = new TransactionHead(end, now, about);
    this.#chain = new VersionChain(log, end, this.#head, sight);
  }

  /** What was appended so far, in order. */
  get versions(): readonly Version[] {
    return this.#chain.versions;
  }

  /** The same, each with the version that it superseded. */
  get changes(): readonly VersionChange[] {
    return this.#chain.changes;
  }

  /** The position of the last version, of the log's last one while none was appended. */
  get position(): Position {
    return this.#chain.position;
  }

  /** The number that the transaction has, or will have, in the log. */
  get id(): TransactionId {
    return this.#head.id;
  }

  /** The time that it has, or will have, in the log. */
  get committedAt(): Microseconds {
    return this.#head.committedAt;
  }

  /**
   * The record's last version, a deleted one's included; null when the id was never used, or is not
   * seen.
   */
  async get<E extends Entity>(entity: E, id: string): Promise<Version<E> | null> {
    this.#refuseWhenOver();
    return this.#last(entity, id);
  }

  /** The id of the live record that has this unique key, if it is seen; a null matches a null. */
  async find<E extends Entity>(entity: E, key: Partial<ValuesOf<E>>): Promise<string | null> {
    this.#refuseWhenOver();
    const id = findByUniqueKey(this.#log, entity, key as AnyValues);
    return id !== null && this.#last(entity, id) ? id : null;
  }

  /**
   * Creates a record; without an id it gets one that sorts by time, and without an owner the viewer.
   * @throws AlreadyExists when the id was ever used or a live record has the unique key.
   * @throws InvalidInput when a value breaks its field's rules.
   */
  create<E extends Entity>(entity: E, input: NewRecord<E>): Promise<Version<E>> {
    const owned = this.#sight.owned(entity, input);
    return this.#inTurn(() => this.#chain.append(firstVersion(entity, owned)));
  }

  /**
   * Creates records as `create` does, as many of the first as go through in one stretch. Together
   * they cost SQLite a third of what as many by themselves do.
   * @returns those that were created, in the order of the inputs; none where the first cannot be,
   *   and `create` tells why.
   */
  createMany<E extends Entity>(
    entity: E,
    inputs: readonly NewRecord<E>[],
  ): Promise<readonly Version<E>[]> {
    const owned = inputs.map((input) => this.#sight.owned(entity, input));
    return this.#inTurn(() => this.#chain.appendMany(entity, firstVersions(entity, owned)));
  }

  /**
   * Changes the fields that the patch names. A patch that changes nothing appends nothing.
   * @throws NotFound, RevisionConflict, InvalidInput, or AlreadyExists for a unique key.
   */
  update<E extends Entity>(
    entity: E,
    id: string,
    patch: PatchValues<E>,
    condition: PatchCondition = {},
  ): Promise<Updated<E>> {
    return this.#inTurn(() => {
      refuseImpossibleRevision(condition);
      const before = this.#live(entity, id);
      const rebasedOver = rebase(this.#log, before, patch as AnyValues, condition, this.#sight);
      const values = valuesOfPatch(entity, before.values, patch as AnyValues);
      if (differingFields(entity, before.values, values).length === 0) {
        return { version: before, changed: false, rebasedOver };
      }
      const next = { entity, id, values, operation: 'UPDATE', before } as const;
      return { version: this.#chain.append(next), changed: true, rebasedOver };
    });
  }

  /**
   * Deletes a record: its history stays, its unique key becomes free.
   * @throws NotFound, RevisionConflict, or InvalidInput for a revision that no record has.
   */
  delete<E extends Entity>(
    entity: E,
    id: string,
    condition: WriteCondition = {},
  ): Promise<Version<E>> {
    return this.#inTurn(() => {
      refuseImpossibleRevision(condition);
      const before = this.#live(entity, id);
      refuseStale(this.#log, before, condition, this.#sight);
      const { values } = before;
      return this.#chain.append({ entity, id, values, operation: 'DELETE', before });
    });
  }

  /**
   * Brings back an earlier state of a record, or a deleted record, as a new revision. A live record
   * that has that state already stays as it is.
   * @throws NotFound when the id was never used, AlreadyExists when the unique key is taken since.
   * @throws InvalidInput that names `revision` or `asOf` when there is no such state.
   */
  restore<E extends Entity>(entity: E, id: string, state: EarlierState = {}): Promise<Updated<E>> {
    return this.#inTurn(() => {
      const before = this.#known(entity, id);
      if (isErased(this.#log, before.position)) {
        throw new NotFound(`${nameOf(entity, id)} was erased: nothing of it can come back.`, id);
      }
      const { values } = findEarlierState(this.#log, before, state, this.#sight);
      const live = before.operation !== 'DELETE';
      if (live && differingFields(entity, before.values, values).length === 0) {
        return { version: before, changed: false, rebasedOver: [] };
      }
      const next = { entity, id, values, operation: 'RESTORE', before } as const;
      return { version: this.#chain.append(next), changed: true, rebasedOver: [] };
    });
  }

  /**
   * Undoes a transaction: each field that it changed gets back the value it had before, unless it
   * was changed again since; what it created is deleted, what it deleted comes back.
   * @returns per record what it came to, the one that the transaction changed last first.
   * @throws NotFound, RevertConflict with everything that was changed again, or AlreadyExists.
   */
  async revert(id: TransactionId): Promise<Updated[]> {
    const plan = await this.#inTurn(() =>
      planRevert(this.#log, this.#reader, id, this.#pace, this.#sight),
    );
    const reverted: Updated[] = [];
    for (const { now, next } of plan) {
      const version = next && (await this.#inTurn(() => this.#chain.append(next)));
      reverted.push({ version: version ?? now, changed: version !== null, rebasedOver: [] });
    }
    return reverted;
  }

  /**
   * Stores bytes, once however often they are given.
   * @throws InvalidInput when there are more than limits.fileBytesMax.
   */
  async putContents(bytes: Uint8Array): Promise<ContentsInfo> {
    if (bytes.length > limits.fileBytesMax) {
      const message = `may be at most ${limits.fileBytesMax} bytes, but was ${bytes.length}.`;
      throw new InvalidInput([{ path: ['data'], message }]);
    }
    return await this.#inTurn(() => writeBytes(this.#log.kysely, bytes, () => this.#pace.yield()));
  }

  /**
   * Keeps an upload's bytes, for versions to name.
   * @throws InvalidInput when there is no such upload any more.
   */
  async keepUpload(uploaded: Uploaded): Promise<ContentsInfo> {
    const isKept = await this.#inTurn(() =>
      keepUpload(this.#log.kysely, uploaded, () => this.#pace.yield()),
    );
    if (!isKept) {
      const message = 'is an upload that was kept before, or given up. Upload it again.';
      throw new InvalidInput([{ path: ['file'], message }]);
    }
    return { sha256: uploaded.sha256, size: uploaded.size };
  }

  /**
   * Keeps the bytes of an upload that came in several requests, with the last of them.
   * @throws UploadMoved when something else came to it meanwhile, or it is there no more.
   */
  async keepResumable(ended: EndedUpload): Promise<ContentsInfo> {
    await this.#inTurn(() => keepResumable(this.#log.kysely, ended, () => this.#pace.yield()));
    return { sha256: ended.sha256, size: ended.size };
  }

  /**
   * Erases what records hold and held, for good. For the store only: others have read it already.
   * @returns null when all of it had been erased before.
   * @throws NotFound for an id that was never used, InvalidInput for a live record.
   */
  erase(terms: ErasureTerms): Promise<Erasure | null> {
    return this.#inTurn(async () => {
      for (const { entity, id } of terms.records) {
        const { operation } = this.#known(entity, id);
        if (operation === 'DELETE') continue;
        const message = `must be deleted before it is erased: ${nameOf(entity, id)} is live.`;
        throw new InvalidInput([{ path: ['id'], message }]);
      }
      const { committedAt } = this.#head;
      const pause = () => this.#pace.yield();
      return eraseRecords(this.#log, terms, this.position, committedAt, pause);
    });
  }

  /** Runs work on what the log keeps beside versions: uploads that are under way. For the store only. */
  beside<T>(work: (db: Kysely<LogTables>, pause: () => Promise<void>) => Promise<T>): Promise<T> {
    return this.#inTurn(() => work(this.#log.kysely, () => this.#pace.yield()));
  }

  /** Waits for changes that were started without being awaited. */
  async settled(): Promise<void> {
    await this.#turn;
    this.#refuseWhenOver();
  }

  /** Lets no further change begin, and waits for one under way. For the writer only. */
  async abandon(): Promise<void> {
    this.#over = true;
    await this.#turn;
  }

  /**
   * Waits for changes that the work started without awaiting them, then writes the transaction's
   * own row; null when nothing was appended. For the writer only.
   */
  async finish(): Promise<{ transaction: Transaction; end: LogEnd } | null> {
    await this.#turn;
    this.#over = true;
    return this.#head.write(this.#log, this.#chain);
  }

  /**
   * Runs a change when those started before it are done: each goes on from the end that the one
   * before it left. Without any to wait for it is done when this returns, unless others are to
   * have their turn of the event loop first.
   */
  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    if (this.#turn || this.#pace.over) return this.#whenTurn(change);
    try {
      this.#refuseWhenOver();
      const done = change();
      return done instanceof Promise ? this.#holdTurn(done) : Promise.resolve(done);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #whenTurn<T>(change: () => T | Promise<T>): Promise<T> {
    const before = this.#turn;
    const begun = async () => {
      await before;
      await this.#pace.yield();
      this.#refuseWhenOver();
      return await change();
    };
    return await this.#holdTurn(begun());
  }

  /** Lets later changes wait for this one. */
  #holdTurn<T>(done: Promise<T>): Promise<T> {
    const turn = done
      .catch(() => {})
      .then(() => {
        if (this.#turn === turn) this.#turn = null;
      });
    this.#turn = turn;
    return done;
  }

  /** What came after it may be another transaction's, or nobody's yet. */
  #refuseWhenOver(): void {
    if (this.#over) {
      throw new TypeError('The transaction is over: await its changes in its work, and in time.');
    }
  }

  /** The last version of a record that is seen. */
  #last<E extends Entity>(entity: E, id: string): Version<E> | null {
    const version = readLastVersion(this.#log, entity, id);
    return version && this.#sight.sees(version) ? version : null;
  }

  #known<E extends Entity>(entity: E, id: string): Version<E> {
    const version = this.#last(entity, id);
    if (version) return version;
    throw new NotFound(`${nameOf(entity, id)} does not exist.`, id);
  }

  #live<E extends Entity>(entity: E, id: string): Version<E> {
    const version = this.#last(entity, id);
    if (version && version.operation !== 'DELETE') return version;
    const state = version ? `was deleted in revision ${version.revision}` : 'does not exist';
    throw new NotFound(`${nameOf(entity, id)} ${state}.`, id);
  }
}

function nameOf(entity: Entity, id: string): string {
  return `${entity.name} ${JSON.stringify(id)}`;
}
