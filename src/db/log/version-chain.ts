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
import { contentsDigest, linkDigest, newSalt } from './digest.ts';
import type { LogEnd } from './log-end.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { given } from './sqlite/statement.ts';
import { sqliteCode } from './sqlite/storage-errors.ts';
import { columnsOfValues } from './sqlite/version-row.ts';
import type { VersionColumns } from './tables.ts';
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
  readonly #versions: Version[] = [];
  readonly #changes: VersionChange[] = [];
  #digest: Uint8Array;

  constructor(log: LogFile, begin: LogEnd, transaction: ChainedTransaction) {
    this.#log = log;
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

  /** Appends a version. @throws AlreadyExists when its id or its unique key is taken. */
  append<E extends Entity>(next: NextVersion<E>): Version<E> {
    const { entity, id, operation, values, before } = next;
    const { id: transactionId, committedAt, aboutDigest } = this.#transaction;
    const version: Version<E> = {
      entity,
      id,
      revision: ((before?.revision ?? 0) + 1) as Revision,
      position: (this.position + 1) as Position,
      operation,
      transactionId,
      committedAt,
      createdAt: before?.createdAt ?? committedAt,
      previousPosition: before?.position ?? null,
      values,
    };
    const salt = newSalt();
    const contents = contentsDigest(salt, entity, id, values);
    const digest = linkDigest(this.#digest, version, aboutDigest, contents);
    this.#insert(version, { salt, contents_digest: contents, digest });
    this.#digest = digest;
    this.#versions.push(version);
    this.#changes.push({ version, previous: before });
    return version;
  }

  #insert(
    version: Version,
    link: Pick<VersionColumns, 'salt' | 'contents_digest' | 'digest'>,
  ): void {
    const row: VersionColumns = {
      position: version.position,
      transaction_id: version.transactionId,
      idx: version.committedAt,
      created_idx: version.createdAt,
      id: version.id,
      revision: version.revision,
      operation: version.operation,
      previous_position: version.previousPosition,
      ...columnsOfValues(version.entity, version.values),
      ...link,
    };
    const { entity } = version;
    const statement = this.#log.statement(entity, 'insert', () => {
      const places = Object.keys(row).map((column) => [column, given(column)]);
      const values = Object.fromEntries(places) as VersionColumns;
      return this.#log.versions.insertInto(entity.table).values(values).compile();
    });
    try {
      statement.run({ ...row });
    } catch (error) {
      // The trigger that refuses to replace a version meets a taken id before the constraint.
      const taken = ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_TRIGGER'];
      if (!taken.includes(sqliteCode(error) ?? '')) throw error;
      throw explainTaken(this.#log, version);
    }
  }
}
