/** The versions that one transaction adds to the log, each chained to the one before it. */
import type {
  Entity,
  Microseconds,
  Operation,
  Position,
  Revision,
  TransactionId,
  ValuesOf,
  Version,
} from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { Forbidden } from '../shared/problems.ts';
import { contentsDigest, linkDigest, newSalt } from './digest.ts';
import type { LogEnd } from './log-end.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { insertVersions } from './sqlite/version-insertion.ts';
import type { ChainedVersion, VersionLink } from './sqlite/version-row.ts';
import { explainTaken } from './taken.ts';
import type { VersionChange } from './version-change.ts';

/** What the versions of one transaction share. */
export interface ChainedTransaction {
  readonly id: TransactionId;
  readonly committedAt: Microseconds;
  /** Digest of who writes and why. */
  readonly aboutDigest: Uint8Array;
}

/** A version that is to be: what of it the chain does not know by itself. */
export interface NextVersion<E extends Entity> {
  readonly entity: E;
  readonly id: string;
  readonly operation: Operation;
  readonly values: ValuesOf<E>;
  /** The version that it supersedes; null for the first of a record. */
  readonly before: Version<E> | null;
}

export class VersionChain {
  readonly #log: LogFile;
  readonly #begin: LogEnd;
  readonly #transaction: ChainedTransaction;
  readonly #sight: Sight;
  readonly #versions: Version[] = [];
  readonly #changes: VersionChange[] = [];
  #digest: Uint8Array;

  /** @param sight of whoever writes. */
  constructor(log: LogFile, begin: LogEnd, transaction: ChainedTransaction, sight: Sight) {
    this.#log = log;
    this.#sight = sight;
    this.#begin = begin;
    this.#transaction = transaction;
    this.#digest = begin.digest;
  }

  /** What was appended so far, in order. */
  get versions(): readonly Version[] {
    return this.#versions;
  }

  /** The same, each with the version that it superseded. */
  get changes(): readonly VersionChange[] {
    return this.#changes;
  }

  /** The position of the last version; the log's end while there is none. */
  get position(): Position {
    return this.#versions.at(-1)?.position ?? this.#begin.position;
  }

  /** The digest of the last version. */
  get digest(): Uint8Array {
    return this.#digest;
  }

  /**
   * Appends a version.
   * @throws Forbidden when whoever writes may not leave it behind, or not supersede the one before.
   * @throws AlreadyExists when its id or its unique key is taken.
   */
  append<E extends Entity>(next: NextVersion<E>): Version<E> {
    const { version, link } = this.#chained(next, this.position, this.#digest);
    this.#refuseForbidden(version, next.before);
    if (insertVersions(this.#log, next.entity, [{ version, link }]) === 0) {
      throw explainTaken(this.#log, version, this.#sight);
    }
    this.#add(next, version, link);
    return version;
  }

  /**
   * Appends first versions of records of one kind, up to the first that is forbidden, or whose id or
   * unique key is taken.
   * @returns those that were appended; `append` tells why the next one cannot be.
   */
  appendMany<E extends Entity>(entity: E, nexts: readonly NextVersion<E>[]): Version<E>[] {
    const chained: ChainedVersion<E>[] = [];
    let [position, digest] = [this.position, this.#digest];
    for (const next of nexts) {
      const each = this.#chained(next, position, digest);
      if (!this.#sight.mayWrite(each.version)) break;
      chained.push(each);
      [position, digest] = [each.version.position, each.link.digest];
    }
    const count = insertVersions(this.#log, entity, chained);
    const appended = chained.slice(0, count);
    for (const [place, { version, link }] of appended.entries()) {
      this.#add(nexts[place] as NextVersion<E>, version, link);
    }
    return appended.map(({ version }) => version);
  }

  #refuseForbidden(version: Version, before: Version | null): void {
    const mayChange = before === null || this.#sight.mayWrite(before);
    if (mayChange && this.#sight.mayWrite(version)) return;
    const record = `${version.entity.name} ${JSON.stringify(version.id)}`;
    throw new Forbidden(
      mayChange
        ? `Whoever asks may not leave ${record} as it would be: see who may write.`
        : `${record} may be seen, but not changed, by whoever asks.`,
    );
  }

  /** A version as it would follow a position and the digest there. */
  #chained<E extends Entity>(
    { entity, id, operation, values, before }: NextVersion<E>,
    after: Position,
    digestBefore: Uint8Array,
  ): ChainedVersion<E> {
    const { id: transactionId, committedAt, aboutDigest } = this.#transaction;
    const version: Version<E> = {
      entity,
      id,
      revision: ((before?.revision ?? 0) + 1) as Revision,
      position: (after + 1) as Position,
      operation,
      transactionId,
      committedAt,
      createdAt: before?.createdAt ?? committedAt,
      previousPosition: before?.position ?? null,
      values,
    };
    const salt = newSalt();
    const contents = contentsDigest(salt, entity, id, values);
    const digest = linkDigest(digestBefore, version, aboutDigest, contents);
    return { version, link: { salt, contents_digest: contents, digest } };
  }

  #add<E extends Entity>({ before }: NextVersion<E>, version: Version<E>, link: VersionLink): void {
    this.#digest = link.digest;
    this.#versions.push(version);
    this.#changes.push({ version, previous: before });
  }
}
