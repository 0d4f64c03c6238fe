/** Random bytes, 16 at a time. Asking the system for many at once is many times cheaper. */
import { randomBytes } from 'node:crypto';

const length = 16;
const pool = { bytes: Buffer.alloc(0), used: 0 };

/** Sixteen random bytes that nobody else is given. */
export function sixteenRandomBytes(): Uint8Array {
  if (pool.used === pool.bytes.length) {
    pool.bytes = randomBytes(256 * length);
    pool.used = 0;
  }
  pool.used += length;
  return pool.bytes.subarray(pool.used - length, pool.used);
}
