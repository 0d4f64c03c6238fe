/** Mutations that are done once per key: the result of the first one is found again in the log. */
import type {
  Entity,
  Position,
  Transaction,
  TransactionId,
  Version,
} from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { HistoryDamaged, IdempotencyMismatch, InvalidInput } from '../shared/problems.ts';
import { findTextIssue } from '../shared/values.ts';
import { keyDigest } from './digest.ts';
import type { LogReader } from './log-reader.ts';
import type { LogTransaction, Updated } from './log-transaction.ts';
import { readVersionsAt } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';

/** Says that a mutation is to be done once. */
export interface Once {
  /** The caller's name for this one mutation. */
  readonly key: string;
  /** Digest of the mutation and what it was asked: a key stands for one request only. */
  readonly requestDigest: string;
}

/** What the first mutation with a key came to. */
export interface Remembered {
  readonly results: readonly Updated[];
  /** Null when it had nothing to write. */
  readonly transaction: Transaction | null;
  /** Where its records answer. */
  readonly position: Position;
}

/** One result as it is kept: entity, position, whether changed, positions rebased over. */
type KeptResult = readonly [entity: string, position: number, changed: boolean, over: number[]];

/** The keys of a log, through the connection that writes it. */
export class IdempotencyKeys {
  readonly #log: LogFile;
  readonly #reader: LogReader;
  readonly #entities: readonly Entity[];

  constructor(log: LogFile, reader: LogReader, entities: readonly Entity[]) {
    this.#log = log;
    this.#reader = reader;
    this.#entities = entities;
  }

  /**
   * The result of the mutation that had this key first; null when the key is new.
   * @param viewerId whose key it is; null where nobody is asked who they are.
   * @throws IdempotencyMismatch when that was another request, InvalidInput for a key that cannot
   *   be kept, HistoryDamaged when what it stands for is not as it was written.
   */
  async recall({ key, requestDigest }: Once, viewerId: string | null): Promise<Remembered | null> {
    const issue = findTextIssue('idempotencyKey', key, limits.idempotencyKeyLengthMax);
    if (issue) throw new InvalidInput([issue]);
    const row = await this.#log.kysely
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('key', '=', keptKey(key, viewerId))
      .executeTakeFirst();
    if (!row) return null;
    if (row.digest && Buffer.compare(keyDigest(row), row.digest) !== 0) {
      throw new HistoryDamaged(row.position, 'idempotency key');
    }
    if (row.request_digest !== requestDigest) {
      throw new IdempotencyMismatch(
        `The idempotency key ${JSON.stringify(key)} was used before with other input. ` +
          'Use a new key for a new write, or repeat the first one exactly.',
      );
    }
    const id = row.transaction_id as TransactionId | null;
    const [transaction = null] = id === null ? [] : await this.#reader.transactions([id]);
    const results = await this.#read(JSON.parse(row.results) as KeptResult[]);
    return { results, transaction, position: row.position as Position };
  }

  /** Keeps where a result lies, within the transaction that made it. */
  async remember(
    once: Once,
    viewerId: string | null,
    log: LogTransaction,
    results: readonly Updated[],
  ): Promise<void> {
    await log.settled();
    const kept = results.map(({ version, changed, rebasedOver }): KeptResult => {
      const over = rebasedOver.map(({ position }) => position);
      return [version.entity.name, version.position, changed, over];
    });
    const row = {
      key: keptKey(once.key, viewerId),
      request_digest: once.requestDigest,
      transaction_id: log.versions.length > 0 ? log.id : null,
      position: log.position,
      results: JSON.stringify(kept),
      created_at: log.committedAt,
    };
    await this.#log.kysely
      .insertInto('idempotency_keys')
      .values({ ...row, digest: keyDigest(row) })
      .execute();
  }

  async #read(kept: readonly KeptResult[]): Promise<Updated[]> {
    const found = new Map<string, Map<number, Version>>();
    for (const name of new Set(kept.map(([entity]) => entity))) {
      const entity = this.#entities.find((known) => known.name === name);
      if (!entity) throw new Error(`The store was not opened with the entity ${name}.`);
      const own = kept.filter((result) => result[0] === name);
      const positions = own.flatMap(([, position, , over]) => [position, ...over]);
      found.set(name, await readVersionsAt(this.#log, entity, [...new Set(positions)]));
    }
    return kept.map(([name, position, changed, over]) => {
      const versionAt = (at: number) => found.get(name)?.get(at) as Version;
      return { version: versionAt(position), changed, rebasedOver: over.map(versionAt) };
    });
  }
}

/** Keys of different viewers are different keys. */
function keptKey(key: string, viewerId: string | null): string {
  return viewerId === null ? key : JSON.stringify([viewerId, key]);
}
