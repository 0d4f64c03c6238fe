/**
 * The digest chain. Each version's digest is SHA-256 over the digest before it in position order
 * and over a header that holds only a salted digest of the version's contents. So `verify` proves
 * that history was not altered, and the chain stays provable where contents and salt are erased.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Entity, Transaction, Version } from '../../entities/index.ts';
import type { LogTables } from './tables.ts';

/** What stands before the first version: 32 zero bytes. */
export const chainStart: Uint8Array = new Uint8Array(32);

const saltBytes = 16;
const saltPool = { bytes: Buffer.alloc(0), used: 0 };

/** A new salt: 16 random bytes. Asking the system for many at once is many times cheaper. */
export function newSalt(): Uint8Array {
  if (saltPool.used === saltPool.bytes.length) {
    saltPool.bytes = randomBytes(256 * saltBytes);
    saltPool.used = 0;
  }
  saltPool.used += saltBytes;
  return saltPool.bytes.subarray(saltPool.used - saltBytes, saltPool.used);
}

/**
 * Digest of a version's contents: its id and the fields that are not null, by name. A field that
 * an entity gains later is null in older versions, so their digests stay the same.
 */
export function contentsDigest(
  salt: Uint8Array,
  entity: Entity,
  id: string,
  values: Readonly<Record<string, unknown>>,
): Uint8Array {
  const fields = Object.keys(entity.fields)
    .sort()
    .filter((name) => values[name] !== null)
    .map((name) => [name, values[name]]);
  return sha256(salt, JSON.stringify([entity.name, id, fields]));
}

/** Digest of what a transaction says about itself: who and why. */
export function transactionDigest(
  salt: Uint8Array,
  about: Pick<Transaction, 'actor' | 'reason'>,
): Uint8Array {
  return sha256(salt, JSON.stringify([about.actor, about.reason]));
}

/** What of a version its link covers. */
export type LinkedVersion = Pick<
  Version,
  | 'entity'
  | 'position'
  | 'transactionId'
  | 'committedAt'
  | 'createdAt'
  | 'revision'
  | 'operation'
  | 'previousPosition'
>;

/** The digest of a version: 32 bytes. */
export function linkDigest(
  before: Uint8Array,
  version: LinkedVersion,
  transaction: Uint8Array,
  contents: Uint8Array,
): Uint8Array {
  const header = JSON.stringify([
    version.entity.name,
    version.position,
    version.transactionId,
    version.committedAt,
    version.createdAt,
    version.revision,
    version.operation,
    version.previousPosition,
  ]);
  const hash = createHash('sha256');
  return hash.update(before).update(transaction).update(contents).update(header).digest();
}

/** Digest of what the log says of itself. It stands in no link, and so finds damage, no forgery. */
export function logDigest({
  id,
  created_at,
}: Pick<LogTables['log'], 'id' | 'created_at'>): Uint8Array {
  return sha256(new Uint8Array(), JSON.stringify([id, created_at]));
}

/** Digest of an idempotency key and its result; as the log's own it finds damage. */
export function keyDigest(row: Omit<LogTables['idempotency_keys'], 'digest'>): Uint8Array {
  const { key, request_digest, transaction_id, position, results } = row;
  const parts = [key, request_digest, transaction_id, position, results];
  return sha256(new Uint8Array(), JSON.stringify(parts));
}

function sha256(salt: Uint8Array, text: string): Uint8Array {
  return createHash('sha256').update(salt).update(text).digest();
}
