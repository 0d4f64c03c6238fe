/** Digests of bytes, sent beside them: Repr-Digest and Content-Digest of RFC 9530. */
import { listElements } from './media-types.ts';

/** One of both for a file that is sent, or answered, whole and as it is. */
const fields = ['repr-digest', 'content-digest'] as const;

/**
 * The SHA-256 that a request says its bytes have. Other algorithms are passed over, as the RFC has it.
 * @returns in hexadecimal; null where it says none, 'malformed' where it is no SHA-256, or two are said.
 */
export function announcedSha256(headers: Headers): string | 'malformed' | null {
  const said = fields
    .flatMap((name) => listElements(headers.get(name) ?? ''))
    .filter((member) => /^sha-256\b/.test(member))
    .map((member) => /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(member)?.[1]);
  const [digest] = said;
  if (said.length === 0) return null;
  if (digest === undefined || said.some((each) => each !== digest)) return 'malformed';
  return Buffer.from(digest, 'base64').toString('hex');
}

/** @param sha256 of a file, in hexadecimal. @returns the value of its Repr-Digest. */
export function reprDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
}
