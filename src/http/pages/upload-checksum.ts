/** Upload-Checksum of tus: bytes that are not as they were sent are as if they had not come. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { refuse } from './upload-refusals.ts';

/** The checksums that are known, strongest first. */
export const checksumAlgorithms = ['sha256', 'sha1'] as const;

/**
 * Bytes of which a checksum was sent with them; they are held until it is known to be theirs.
 * @param header Upload-Checksum: an algorithm, and the digest as Base64.
 * @param bytesMax how many bytes there may be.
 * @throws what is to be answered when they are too many, or not those that were sent.
 */
export async function checked(
  bytes: AsyncIterable<Uint8Array>,
  header: string,
  bytesMax: number,
): Promise<readonly Uint8Array[]> {
  const [algorithm = '', digest = ''] = header.split(' ');
  if (!(checksumAlgorithms as readonly string[]).includes(algorithm)) {
    const known = checksumAlgorithms.join(' or ');
    throw refuse(400, `Upload-Checksum must name ${known}, and the digest as Base64.`);
  }
  const hash = createHash(algorithm);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > bytesMax) {
      const message = `With Upload-Checksum at most ${bytesMax} bytes (bodyBytesMax) are taken at a time.`;
      throw refuse(413, message);
    }
    hash.update(piece);
    pieces.push(piece);
  }
  const [is, should] = [hash.digest(), Buffer.from(digest, 'base64')];
  if (is.length === should.length && timingSafeEqual(is, should)) return pieces;
  throw refuse(460, 'The bytes are not those that Upload-Checksum is of. Send them again.');
}
