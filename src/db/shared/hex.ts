/** Bytes as they are shown. */

/** Bytes in hexadecimal, in small letters. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
