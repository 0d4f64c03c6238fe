/**
 * Proof that a version is in a log, which whoever has a head of that log can check without it. It
 * holds all that the version's digest covers, and the path that leads from there to the head.
 */
import { fieldsDigest, linkDigest, transactionDigest } from './digest.ts';
import { leafHash, rootOfPath } from './merkle-tree.ts';

/** Raised when what a proof holds changes. */
export const proofFormat = 'everstate-inclusion-proof-1';

/** As it lies in a file. Digests and salts are hexadecimal, moments microseconds since 1970. */
export interface InclusionProof {
  readonly format: typeof proofFormat;
  readonly version: {
    readonly entity: string;
    readonly id: string;
    readonly revision: number;
    readonly operation: string;
    readonly position: number;
    readonly transactionId: number;
    readonly committedAt: number;
    readonly createdAt: number;
    readonly previousPosition: number | null;
    /** Those that are not null. */
    readonly values: Readonly<Record<string, ProvenValue>>;
    readonly salt: string;
  };
  readonly transaction: {
    readonly actor: string | null;
    readonly reason: string | null;
    readonly salt: string;
  };
  /** The digest of the version before it in the log. */
  readonly digestBefore: string;
  /** From the version to the head, the lowest first. */
  readonly path: readonly string[];
  readonly head: { readonly position: number; readonly digest: string };
}

type ProvenValue = string | number | boolean | readonly string[];

/** Whether the version leads to the head that the proof names. Whose head that is, it cannot know. */
export function leadsToHead({
  version,
  transaction,
  digestBefore,
  path,
  head,
}: InclusionProof): boolean {
  const { entity: name, id, values, salt, position } = version;
  const fields = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const contents = fieldsDigest(bytesOf(salt), name, id, fields);
  const about = transactionDigest(bytesOf(transaction.salt), transaction);
  const linked = { ...version, entity: { name } };
  const digest = linkDigest(bytesOf(digestBefore), linked, about, contents);
  const root = rootOfPath(leafHash(digest), position - 1, head.position, path.map(bytesOf));
  return root !== null && Buffer.compare(root, bytesOf(head.digest)) === 0;
}

/**
 * A proof out of JSON that somebody gave.
 * @returns null when it is no such thing: something is missing, or there is more than that.
 */
export function readInclusionProof(json: unknown): InclusionProof | null {
  return isProof(json) ? (json as InclusionProof) : null;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isPlace: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isWhole: Check = (value) => Number.isSafeInteger(value);
const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isBytes =
  (length: number): Check =>
  (value) =>
    isText(value) && new RegExp(`^[0-9a-f]{${2 * length}}$`).test(value as string);
const isList =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isOneOf =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
/** An object of exactly these. */
const isObject =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) &&
    Object.keys(value).length === Object.keys(members).length &&
    Object.entries(members).every(
      ([name, check]) => Object.hasOwn(value, name) && check(value[name]),
    );

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isValue = isOneOf(
  isText,
  Number.isFinite,
  (value) => typeof value === 'boolean',
  isList(isText),
);
const isDigest = isBytes(32);
const isSalt = isBytes(16);

const isProof = isObject({
  format: (value) => value === proofFormat,
  version: isObject({
    entity: isText,
    id: isText,
    revision: isPlace,
    operation: isText,
    position: isPlace,
    transactionId: isPlace,
    committedAt: isWhole,
    createdAt: isWhole,
    previousPosition: isNullOr(isPlace),
    values: (value) => isRecord(value) && Object.values(value).every(isValue),
    salt: isSalt,
  }),
  transaction: isObject({ actor: isNullOr(isText), reason: isNullOr(isText), salt: isSalt }),
  digestBefore: isDigest,
  path: isList(isDigest),
  head: isObject({ position: isPlace, digest: isDigest }),
});

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
