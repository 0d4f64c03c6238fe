/**
 * The digest chain. Each version's digest is SHA-256 over the digest before it in position order
 * and over a header that holds only a salted digest of the version's contents. So `verify` proves
 * that history was not altered, and the chain stays provable where contents and salt are erased.
 */
import { createHash, hash } from 'node:crypto';
import type { Entity, Transaction } from '../../entities/index.ts';
import { hexOf } from '../shared/hex.ts';
import { sixteenRandomBytes } from './random-bytes.ts';
import type { LogTables } from './tables.ts';

/** What stands before the first version: 32 zero bytes. */
export const chainStart: Uint8Array = new Uint8Array(32);

/** A new salt: 16 random bytes. */
export const newSalt = sixteenRandomBytes;

/** A field that a digest covers: its name, and its value as versions have it, which is not null. */
export type DigestedField = readonly [name: string, value: unknown];

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
  return sha256([salt], contentsText(entity, id, values));
}

/** What a digest of contents covers after the salt. */
export function contentsText(
  entity: Entity,
  id: string,
  values: Readonly<Record<string, unknown>>,
): string {
  return fieldsText(entity.name, id, digestedFields(entity, values));
}

/** The fields of a version that are not null, sorted by name. */
export function digestedFields(
  entity: Entity,
  values: Readonly<Record<string, unknown>>,
): DigestedField[] {
  const fields: DigestedField[] = [];
  for (const name of sortedNamesOf(entity)) {
    if (values[name] !== null) fields.push([name, values[name]]);
  }
  return fields;
}

/** The same digest, for whoever knows no more of an entity than its name. */
export function fieldsDigest(
  salt: Uint8Array,
  entityName: string,
  id: string,
  fields: readonly DigestedField[],
): Uint8Array {
  return sha256([salt], fieldsText(entityName, id, fields));
}

function fieldsText(entityName: string, id: string, fields: readonly DigestedField[]): string {
  return JSON.stringify([entityName, id, fields]);
}

const sortedNames = new WeakMap<Entity, readonly string[]>();

/** The names of an entity's fields, sorted; worked out once, since versions come by the million. */
function sortedNamesOf(entity: Entity): readonly string[] {
  const known = sortedNames.get(entity) ?? Object.keys(entity.fields).sort();
  sortedNames.set(entity, known);
  return known;
}

/** Digest of what a transaction says about itself: who and why. */
export function transactionDigest(
  salt: Uint8Array,
  about: Pick<Transaction, 'actor' | 'reason'>,
): Uint8Array {
  return sha256([salt], transactionText(about));
}

/** What the digest of a transaction covers after the salt. */
export function transactionText({ actor, reason }: Pick<Transaction, 'actor' | 'reason'>): string {
  return JSON.stringify([actor, reason]);
}

/** What of a version its link covers. */
export interface LinkedVersion {
  readonly entity: Pick<Entity, 'name'>;
  readonly position: number;
  readonly transactionId: number;
  readonly committedAt: number;
  readonly createdAt: number;
  readonly revision: number;
  readonly operation: string;
  readonly previousPosition: number | null;
}

/** The digest of a version: 32 bytes. */
export function linkDigest(
  before: Uint8Array,
  version: LinkedVersion,
  transaction: Uint8Array,
  contents: Uint8Array,
): Uint8Array {
  return sha256([before, transaction, contents], linkText(version));
}

/** What the digest of a version covers after the digests before it, of its transaction and contents. */
export function linkText(version: LinkedVersion): string {
  return JSON.stringify([
    version.entity.name,
    version.position,
    version.transactionId,
    version.committedAt,
    version.createdAt,
    version.revision,
    version.operation,
    version.previousPosition,
  ]);
}

/** Digest of what the log says of itself. It stands in no link, and so finds damage, no forgery. */
export function logDigest({
  id,
  created_at,
}: Pick<LogTables['log'], 'id' | 'created_at'>): Uint8Array {
  return sha256([], JSON.stringify([id, created_at]));
}

/** Digest of an idempotency key and its result; as the log's own it finds damage. */
export function keyDigest(row: Omit<LogTables['idempotency_keys'], 'digest'>): Uint8Array {
  const { key, request_digest, transaction_id, position, results, created_at } = row;
  const parts = [key, request_digest, transaction_id, position, results];
  // Rows from before it was noted have their digests from then.
  if (created_at !== null) parts.push(created_at);
  return sha256([], JSON.stringify(parts));
}

/** What is hashed in one go is brought together here. */
const together = Buffer.allocUnsafeSlow(64 * 1024);

/** The digest of some bytes and a text after them, as UTF-8. Hashing in one go takes half as long. */
export function sha256(parts: readonly Uint8Array[], text = ''): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  // A UTF-16 code unit takes at most three bytes.
  if (length + 3 * text.length > together.length) return sha256OfMany(parts, text);
  length = 0;
  for (const part of parts) {
    together.set(part, length);
    length += part.length;
  }
  length += together.write(text, length);
  // Node makes a text of a digest three times as fast as a buffer, which has memory of its own.
  return Buffer.from(hash('sha256', together.subarray(0, length), 'binary'), 'binary');
}

/**
 * The digest of bytes and a text after them, bytes and digest in hexadecimal, lower case: of what SQLite
 * hands over so, which takes a third of the time of buffers.
 */
export function sha256OfHex(hex: string, text: string): string {
  const bytes = hex.length / 2;
  if (bytes + 3 * text.length > together.length) {
    return hexOf(sha256OfMany([Buffer.from(hex, 'hex')], text));
  }
  together.write(hex, 'hex');
  const length = bytes + together.write(text, bytes);
  return hash('sha256', together.subarray(0, length), 'hex');
}

function sha256OfMany(parts: readonly Uint8Array[], text: string): Uint8Array {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.update(text).digest();
}
