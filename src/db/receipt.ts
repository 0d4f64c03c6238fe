/**
 * Receipts of erasures: what was erased, when, by whom and why, signed by a key of the data directory.
 * Whoever has its public key can tell a receipt from one that somebody made up. Ed25519, by node:crypto.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDateTime } from '../entities/index.ts';
import type { ErasedRecord, Erasure } from './log/erase.ts';
import type { LogHead } from './log/log-tree.ts';
import type { TransactionAbout } from './log/transaction-head.ts';
import { CannotOpen } from './shared/problems.ts';

const format = 'everstate-erasure-1';

/** What a receipt says. */
interface Erased {
  readonly format: typeof format;
  /** Which log. */
  readonly log: string;
  /** The number of the erasure in it. */
  readonly erasure: number;
  /** ISO 8601, with microseconds. */
  readonly erasedAt: string;
  readonly actor: string | null;
  readonly reason: string | null;
  /** The records, and the positions of the versions that had contents until then. */
  readonly records: readonly ErasedRecord[];
  /** The bytes of files that went with them. */
  readonly contentsBytes: number;
  /** What the log as a whole proved to be then: erasing does not change it. */
  readonly head: { readonly position: number; readonly digest: string };
}

export interface Receipt extends Erased {
  /** The key that it was signed by: SubjectPublicKeyInfo, in Base64. */
  readonly publicKey: string;
  /** Of the JSON of all but key and signature, in this order; in Base64. */
  readonly signature: string;
}

const keyName = 'receipt-key.pem';

/**
 * The key of a data directory; made, for its owner alone to read, where there is none.
 * @throws CannotOpen when what is there is no such key.
 */
export async function receiptKey(directory: string): Promise<KeyObject> {
  const path = join(directory, keyName);
  const { privateKey } = generateKeyPairSync('ed25519');
  const made = privateKey.export({ type: 'pkcs8', format: 'pem' });
  try {
    await writeFile(path, made, { flag: 'wx', mode: 0o600, flush: true });
    return privateKey;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readKey(path, await readFile(path));
}

function readKey(path: string, text: Buffer): KeyObject {
  let cause: unknown;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    cause = error;
  }
  throw new CannotOpen(`${path} is no private key of Ed25519. Put the one back that was there.`, {
    cause,
  });
}

/** The public part of a key, in Base64. */
export function publicPart(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}

/**
 * @param log its id.
 * @param about who erased it and why.
 * @param head of the log where it ended then.
 */
export function signReceipt(
  key: KeyObject,
  log: string,
  { id, erasedAt, records, contentsBytes }: Erasure,
  { actor = null, reason = null }: TransactionAbout,
  head: LogHead,
): Receipt {
  const about = { log, erasure: id, erasedAt: formatDateTime(erasedAt), actor, reason };
  const said = inOrder({ format, ...about, records, contentsBytes, head });
  const signature = sign(null, Buffer.from(JSON.stringify(said)), key).toString('base64');
  return { ...said, publicKey: publicPart(key), signature };
}

/** Whether a receipt is as it was signed by the key that it names. */
export function isSigned(receipt: Receipt): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(receipt.publicKey, 'base64'),
      type: 'spki',
      format: 'der',
    });
    const said = Buffer.from(JSON.stringify(inOrder(receipt)));
    return verify(null, said, key, Buffer.from(receipt.signature, 'base64'));
  } catch {
    // No key, or no signature: nothing was signed.
    return false;
  }
}

/** What is signed, in the one order in which it is. */
function inOrder(erased: Erased): Erased {
  const { log, erasure, erasedAt, actor, reason, records, contentsBytes, head } = erased;
  return {
    format,
    log,
    erasure,
    erasedAt,
    actor,
    reason,
    records: records.map(({ entity, id, positions }) => ({ entity, id, positions })),
    contentsBytes,
    head: { position: head.position, digest: head.digest },
  };
}
