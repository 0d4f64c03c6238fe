/** What an idempotency key stands for: one mutation with what it was asked. */
import { createHash } from 'node:crypto';
import { FileUpload } from './file-upload.ts';

/**
 * Digest of a mutation and its arguments, in whatever order their fields came.
 * @returns SHA-256 in hexadecimal.
 */
export function requestDigest(mutation: string, args: object): string {
  return createHash('sha256')
    .update(JSON.stringify([mutation, canonical(args)]))
    .digest('hex');
}

/** A value that JSON writes in one way only: fields sorted, what was left out left out. */
function canonical(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return { bytes: createHash('sha256').update(value).digest('hex') };
  }
  if (value instanceof FileUpload) return { bytes: value.uploaded.sha256 };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new TypeError(`A ${prototype.constructor.name} has no canonical form. Give it one here.`);
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // As pairs, so that a field's name cannot be mistaken for something of JavaScript's own.
  return { fields: fields.sort(byName).map(([name, field]) => [name, canonical(field)]) };
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
