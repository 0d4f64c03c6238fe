/**
 * Ids that sort by time: UUIDs of version 7 (RFC 9562), those of one millisecond counted on from a
 * random number. The uuid package does the same, but asks the system for each one's random bytes,
 * which takes longer than all the rest of it.
 */
import { v7 } from 'uuid';
import { sixteenRandomBytes } from './random-bytes.ts';

/** The last id's time and number; a number has 32 bits. */
const last = { msecs: 0, seq: 0 };

/** A new id. It sorts after those that this process made before, even when the clock goes back. */
export function timePrefixedId(): string {
  const random = sixteenRandomBytes();
  const now = Date.now();
  if (now > last.msecs) {
    last.msecs = now;
    last.seq = firstNumber(random);
  } else {
    last.seq = (last.seq + 1) >>> 0;
    if (last.seq === 0) last.msecs += 1;
  }
  return v7({ random, msecs: last.msecs, seq: last.seq });
}

/** From the lower half of all numbers, so that there are many after it. */
function firstNumber(random: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = random;
  return ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d;
}
