/** One transaction of the log while it is written: what a mutation may do. */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as timePrefixedId } from 'uuid';
import {
  type CreateValues,
  columnOf,
  type Entity,
  type Microseconds,
  type Operation,
  type PatchValues,
  type Position,
  type Revision,
  type Transaction,
  type TransactionId,
  type ValuesOf,
  type Version,
} from '../entities/index.ts';
import { type ContentsInfo, writeContents } from './contents.ts';
import { contentsDigest, linkDigest, newSalt, transactionDigest } from './digest.ts';
import { limits } from './limits.ts';
import { type LogFile, sqliteCode, type VersionColumns } from './log-file.ts';
import { AlreadyExists, InvalidInput, NotFound, RevisionConflict } from './problems.ts';
import { differingFields, findTextIssue, valuesOfCreate, valuesOfPatch } from './values.ts';
import { columnsOfValues, columnsOfVersion, keysTable, versionOfRow } from './version-table.ts';

/** The end of the log: what the next transaction goes on from. */
export interface LogEnd {
  readonly position: Position;
  readonly transactionId: TransactionId;
  readonly committedAt: Microseconds;
  readonly digest: Uint8Array;
}

/** Who writes and why; kept on the transaction. */
export interface TransactionAbout {
  readonly actor?: string | null;
  readonly reason?: string | null;
}

export interface WriteCondition {
  /** Refuse unless this is still the record's revision. */
  readonly expectedRevision?: number | null | undefined;
}

export interface Updated<E extends Entity> {
  /** The record after the patch; the version it had when the patch changed nothing. */
  readonly version: Version<E>;
  readonly changed: boolean;
}

type AnyValues = Readonly<Record<string, unknown>>;

/**
 * Changes of records that are committed together or not at all. Every method may throw a Problem;
 * the transaction fails with it unless the caller catches it.
 */
export class LogTransaction {
  readonly #log: LogFile;
  readonly #begin: LogEnd;
  readonly #id: TransactionId;
  readonly #committedAt: Microseconds;
  readonly #about: { actor: string | null; reason: string | null };
  readonly #salt = newSalt();
  readonly #aboutDigest: Uint8Array;
  readonly #versions: Version[] = [];
  #lastDigest: Uint8Array;
  /** Settles when the last change that was started is done. */
  #turn: Promise<unknown> = Promise.resolve();
  #over = false;

  /** @throws InvalidInput when actor or reason cannot be kept. */
  constructor(log: LogFile, end: LogEnd, now: Microseconds, about: TransactionAbout) {
    this.#log = log;
    this.#begin = end;
    this.#lastDigest = end.digest;
    this.#id = (end.transactionId + 1) as TransactionId;
    this.#committedAt = Math.max(now, end.committedAt + 1);
    this.#about = { actor: about.actor ?? null, reason: about.reason ?? null };
    refuseIssues([
      this.#about.actor !== null &&
        findTextIssue('actor', this.#about.actor, limits.reasonLengthMax),
      this.#about.reason !== null &&
        findTextIssue('reason', this.#about.reason, limits.reasonLengthMax),
    ]);
    this.#aboutDigest = transactionDigest(this.#salt, this.#about);
  }

  /** What was appended so far, in order. */
  get versions(): readonly Version[] {
    return this.#versions;
  }

  /** The record's last version, a deleted one's included; null when the id was never used. */
  async get<E extends Entity>(entity: E, id: string): Promise<Version<E> | null> {
    const row = await this.#log.versions
      .selectFrom(entity.table)
      .select(columnsOfVersion(entity))
      .where('id', '=', id)
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? versionOfRow(entity, row) : null;
  }

  /** The id of the live record that has this unique key; a null matches a null. */
  async find<E extends Entity>(entity: E, key: Partial<ValuesOf<E>>): Promise<string | null> {
    const holder = await this.#log.versions
      .selectFrom(keysTable(entity))
      .select('id')
      .where((where) =>
        where.and(
          entity.uniqueKey.map((name) =>
            where(sql.ref<unknown>(columnOf(name)), 'is', (key as AnyValues)[name] ?? null),
          ),
        ),
      )
      .executeTakeFirst();
    return holder?.id ?? null;
  }

  /**
   * Creates a record; without an id it gets one that sorts by time.
   * @throws AlreadyExists when the id was ever used or a live record has the unique key.
   * @throws InvalidInput when a value breaks its field's rules.
   */
  async create<E extends Entity>(
    entity: E,
    input: CreateValues<E> & { readonly id?: string | null | undefined },
  ): Promise<Version<E>> {
    return await this.#inTurn(async () => {
      const { id: given, ...fields } = input as AnyValues & { id?: string | null };
      const id = given ?? timePrefixedId();
      refuseIssues([findTextIssue('id', id, limits.idLengthMax)]);
      const values = valuesOfCreate(entity, fields);
      return await this.#append(entity, id, values, 'CREATE', null);
    });
  }

  /**
   * Changes the fields that the patch names. A patch that changes nothing appends nothing.
   * @throws NotFound, RevisionConflict, InvalidInput, or AlreadyExists for a unique key.
   */
  async update<E extends Entity>(
    entity: E,
    id: string,
    patch: PatchValues<E>,
    condition: WriteCondition = {},
  ): Promise<Updated<E>> {
    return await this.#inTurn(async () => {
      const before = await this.#live(entity, id, condition);
      const values = valuesOfPatch(entity, before.values, patch as AnyValues);
      if (differingFields(entity, before.values, values).length === 0) {
        return { version: before, changed: false };
      }
      const version = await this.#append(entity, id, values, 'UPDATE', before);
      return { version, changed: true };
    });
  }

  /**
   * Deletes a record: its history stays, its unique key becomes free.
   * @throws NotFound, RevisionConflict.
   */
  async delete<E extends Entity>(
    entity: E,
    id: string,
    condition: WriteCondition = {},
  ): Promise<Version<E>> {
    return await this.#inTurn(async () => {
      const before = await this.#live(entity, id, condition);
      return await this.#append(entity, id, before.values, 'DELETE', before);
    });
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
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#inTurn(() => writeContents(this.#log.kysely, sha256, bytes));
    return { sha256, size: bytes.length };
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
    const first = this.#versions[0];
    const last = this.#versions.at(-1);
    if (!first || !last) return null;
    const transaction: Transaction = {
      id: this.#id,
      committedAt: this.#committedAt,
      firstPosition: first.position,
      lastPosition: last.position,
      ...this.#about,
    };
    await this.#log.kysely
      .insertInto('transactions')
      .values({
        id: this.#id,
        committed_at: this.#committedAt,
        first_position: first.position,
        last_position: last.position,
        ...this.#about,
        salt: this.#salt,
        contents_digest: this.#aboutDigest,
        digest: this.#lastDigest,
      })
      .execute();
    const end: LogEnd = {
      position: last.position,
      transactionId: this.#id,
      committedAt: this.#committedAt,
      digest: this.#lastDigest,
    };
    return { transaction, end };
  }

  /**
   * Runs a change when those started before it are done: each goes on from the end that the one
   * before it left.
   */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      if (this.#over)
        throw new TypeError('The transaction is over: await its changes in its work.');
      return change();
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  async #live<E extends Entity>(
    entity: E,
    id: string,
    condition: WriteCondition,
  ): Promise<Version<E>> {
    const version = await this.get(entity, id);
    if (!version || version.operation === 'DELETE') {
      const state = version ? `was deleted in revision ${version.revision}` : 'does not exist';
      throw new NotFound(`${entity.name} ${JSON.stringify(id)} ${state}.`, id);
    }
    const expected = condition.expectedRevision ?? version.revision;
    if (expected !== version.revision) throw await this.#conflict(version, expected);
    return version;
  }

  async #conflict(actual: Version, expected: number): Promise<RevisionConflict> {
    const rows = await this.#log.versions
      .selectFrom(actual.entity.table)
      .selectAll()
      .where('id', '=', actual.id)
      .where('revision', '>=', expected)
      .orderBy('revision')
      .limit(limits.pageRowsMax)
      .execute();
    const since = rows.map((row) => versionOfRow(actual.entity, row));
    const changed = new Set<string>();
    since.reduce((before, after) => {
      for (const name of differingFields(actual.entity, before.values, after.values))
        changed.add(name);
      return after;
    }, since[0] as Version);
    return new RevisionConflict(
      `${actual.entity.name} ${JSON.stringify(actual.id)} was expected at revision ${expected}, ` +
        `but is at ${actual.revision}. Read it again and repeat the change.`,
      expected,
      actual.revision,
      [...changed],
    );
  }

  async #append<E extends Entity>(
    entity: E,
    id: string,
    values: ValuesOf<E>,
    operation: Operation,
    before: Version<E> | null,
  ): Promise<Version<E>> {
    const last = this.#versions.at(-1) ?? this.#begin;
    const version: Version<E> = {
      entity,
      id,
      revision: ((before?.revision ?? 0) + 1) as Revision,
      position: (last.position + 1) as Position,
      operation,
      transactionId: this.#id,
      committedAt: this.#committedAt,
      createdAt: before?.createdAt ?? this.#committedAt,
      previousPosition: before?.position ?? null,
      values,
    };
    const salt = newSalt();
    const contents = contentsDigest(salt, entity, id, values);
    const digest = linkDigest(this.#lastDigest, version, this.#aboutDigest, contents);
    await this.#insert(version, { salt, contents_digest: contents, digest });
    this.#lastDigest = digest;
    this.#versions.push(version);
    return version;
  }

  async #insert(
    version: Version,
    link: Pick<VersionColumns, 'salt' | 'contents_digest' | 'digest'>,
  ): Promise<void> {
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
    try {
      await this.#log.versions.insertInto(version.entity.table).values(row).execute();
    } catch (error) {
      // The trigger that refuses to replace a version meets a taken id before the constraint.
      const taken = ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_TRIGGER'];
      if (!taken.includes(sqliteCode(error) ?? '')) throw error;
      throw await this.#explainTaken(version);
    }
  }

  async #explainTaken({ entity, id, values }: Version): Promise<AlreadyExists> {
    const holder = entity.uniqueKey.length > 0 ? await this.find(entity, values) : null;
    if (holder !== null && holder !== id) {
      const key = entity.uniqueKey.map((name) => `${name} ${JSON.stringify(values[name])}`);
      return new AlreadyExists(`A ${entity.name} with ${key.join(', ')} exists already.`, holder);
    }
    const hint = 'Ids are never used twice, not even after a deletion.';
    return new AlreadyExists(`${entity.name} ${JSON.stringify(id)} exists already. ${hint}`, id);
  }
}

function refuseIssues(found: (ReturnType<typeof findTextIssue> | false)[]): void {
  const issues = found.filter((issue) => issue !== null && issue !== false);
  if (issues.length > 0) throw new InvalidInput(issues);
}
