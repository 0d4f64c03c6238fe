/**
 * Writing history that happened before, or elsewhere: transactions with times of their own, appended
 * as they were. Rows of many transactions are written by one statement, within one commit of the
 * caller's; the digest chain is made anew.
 */
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
import { Sight } from '../criteria/sight.ts';
import { limits } from '../shared/limits.ts';
import { HistoryRefused } from '../shared/problems.ts';
import { findTextIssue } from '../shared/values.ts';
import { contentsDigest, linkDigest, newSalt, transactionDigest } from './digest.ts';
import { type LogEnd, readLogEnd } from './log-end.ts';
import { type LastLink, readLastLink } from './sqlite/last-link.ts';
import type { LogFile } from './sqlite/log-file.ts';
import { insertTransactions, type TransactionRow } from './sqlite/transaction-insertion.ts';
import { insertVersions } from './sqlite/version-insertion.ts';
import type { ChainedVersion } from './sqlite/version-row.ts';
import { explainTaken } from './taken.ts';

/** A version as it was elsewhere: what the log does not find out by itself. */
export interface PastVersion<E extends Entity = Entity> {
  readonly entity: E;
  readonly id: string;
  readonly operation: Operation;
  /** Which revision it was; null where nobody counted. */
  readonly revision: number | null;
  /** Complete, and checked against the entity. */
  readonly values: ValuesOf<E>;
  /** Where it was read, for messages: `Todo.csv, row 3`. */
  readonly origin: string;
}

export interface PastTransaction {
  readonly committedAt: Microseconds;
  readonly actor: string | null;
  readonly reason: string | null;
  /** At least one, in order. */
  readonly versions: readonly PastVersion[];
  readonly origin: string;
}

const everything = new Sight(null, []);

/** Rows that are gathered before they are written. */
const gatheredRows = 256;

export class HistoryWriter {
  readonly #log: LogFile;
  #end: LogEnd;
  /** The last version of each record that was written or gathered here. */
  readonly #last = new Map<Entity, Map<string, LastLink>>();
  readonly #gathered = new Map<Entity, { chained: ChainedVersion[]; origins: string[] }>();
  #transactions: TransactionRow[] = [];

  /** To be used within a transaction of SQLite's, which ends with what was written. */
  constructor(log: LogFile) {
    this.#log = log;
    this.#end = readLogEnd(log);
  }

  /** The log's end, with all that was appended. */
  get end(): LogEnd {
    return this.#end;
  }

  /**
   * Appends a transaction; `flush` writes the last of them.
   * @throws HistoryRefused where it contradicts what was before it; the whole commit is then to be
   *   taken back.
   */
  append(past: PastTransaction): void {
    const { committedAt, actor, reason, origin, versions } = past;
    if (committedAt <= this.#end.committedAt) {
      throw new HistoryRefused(
        `${origin}: its time must be after that of the transaction before it, but is not.`,
      );
    }
    refuseAbout(past);
    const id = (this.#end.transactionId + 1) as TransactionId;
    const salt = newSalt();
    const about = transactionDigest(salt, { actor, reason });
    let { position, digest } = this.#end;
    const firstPosition = (position + 1) as Position;
    for (const next of versions) {
      position = (position + 1) as Position;
      const version = this.#versionOf(next, position, id, committedAt);
      digest = this.#gather(version, next.origin, digest, about);
    }
    this.#transactions.push({
      transaction: { id, committedAt, firstPosition, lastPosition: position, actor, reason },
      link: { salt, contents_digest: about, digest },
    });
    this.#end = { position, transactionId: id, committedAt, digest };
    if (this.#transactions.length >= gatheredRows) this.#writeTransactions();
  }

  /** Writes what is gathered. @throws HistoryRefused for an id or unique key that is taken. */
  flush(): void {
    for (const entity of this.#gathered.keys()) this.#writeVersions(entity);
    this.#writeTransactions();
  }

  #versionOf(
    { entity, id, operation, revision, values, origin }: PastVersion,
    position: Position,
    transactionId: TransactionId,
    committedAt: Microseconds,
  ): Version {
    const before = this.#lastOf(entity, id);
    const expected = (before?.revision ?? 0) + 1;
    const refuse = (what: string): never => {
      throw new HistoryRefused(`${origin}: ${entity.name} ${JSON.stringify(id)} ${what}`);
    };
    if (!before) {
      const issue = findTextIssue('id', id, limits.idLengthMax);
      if (issue) throw new HistoryRefused(`${origin}: id ${issue.message}`);
    }
    if (revision !== null && revision !== expected) {
      refuse(`must have revision ${expected} here, but has ${revision}.`);
    }
    const wanted = operationsAfter(before?.operation ?? null);
    if (!wanted.includes(operation)) {
      refuse(`must have operation ${wanted.join(' or ')} here, but has ${operation}.`);
    }
    const createdAt = before?.createdAt ?? committedAt;
    this.#remember(entity, id, { revision: expected, position, createdAt, operation });
    return {
      entity,
      id,
      revision: expected as Revision,
      position,
      operation,
      transactionId,
      committedAt,
      createdAt,
      previousPosition: (before?.position ?? null) as Position | null,
      values,
    };
  }

  #gather(version: Version, origin: string, before: Uint8Array, about: Uint8Array): Uint8Array {
    const salt = newSalt();
    const contents = contentsDigest(salt, version.entity, version.id, version.values);
    const digest = linkDigest(before, version, about, contents);
    const gathered = this.#gathered.get(version.entity) ?? { chained: [], origins: [] };
    this.#gathered.set(version.entity, gathered);
    gathered.chained.push({ version, link: { salt, contents_digest: contents, digest } });
    gathered.origins.push(origin);
    if (gathered.chained.length >= gatheredRows) this.#writeVersions(version.entity);
    return digest;
  }

  #writeVersions(entity: Entity): void {
    const gathered = this.#gathered.get(entity);
    if (!gathered) return;
    this.#gathered.delete(entity);
    const count = insertVersions(this.#log, entity, gathered.chained);
    const taken = gathered.chained[count];
    if (!taken) return;
    const problem = explainTaken(this.#log, taken.version, everything);
    throw new HistoryRefused(`${gathered.origins[count]}: ${problem.message}`, { cause: problem });
  }

  #writeTransactions(): void {
    insertTransactions(this.#log, this.#transactions);
    this.#transactions = [];
  }

  #lastOf(entity: Entity, id: string): LastLink | null {
    return this.#last.get(entity)?.get(id) ?? readLastLink(this.#log, entity, id);
  }

  #remember(entity: Entity, id: string, link: LastLink): void {
    const known = this.#last.get(entity);
    if (known) known.set(id, link);
    else this.#last.set(entity, new Map([[id, link]]));
  }
}

function operationsAfter(before: Operation | null): readonly Operation[] {
  if (before === null) return ['CREATE'];
  return before === 'DELETE' ? ['RESTORE'] : ['UPDATE', 'DELETE', 'RESTORE'];
}

function refuseAbout({ actor, reason, origin }: PastTransaction): void {
  for (const [name, text] of Object.entries({ actor, reason })) {
    const issue = text === null ? null : findTextIssue(name, text, limits.reasonLengthMax);
    if (issue) throw new HistoryRefused(`${origin}: ${name} ${issue.message}`);
  }
}
