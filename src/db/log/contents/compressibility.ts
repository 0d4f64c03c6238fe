/**
 * Whether compressing bytes may pay, told by looking at their beginning: most files are the same kind of
 * bytes all through, and pictures, films and archives are compressed already. To find that out by
 * compressing their beginning took a quarter of the time that making chunks of them took.
 */

const sampleBytes = 4 * 1024;
/** What is compressed may take so much of what it holds: less gained is not worth the time it takes. */
export const compressedShareMax = 0.875;
/** Of the 8 bits of a byte: where each says no more, codes for them alone bring it down to that share. */
const entropyMax = 8 * compressedShareMax;
/** Of how many places the four bytes there came before, where nothing else than chance has them again. */
const repeatedShareMax = 0.01;

const hashBits = 12;
/** The golden ratio of 2^32 (D. E. Knuth, “The Art of Computer Programming”, volume 3, section 6.4). */
const hashMultiplier = 0x9e_37_79_b1;

/** No if neither codes for single bytes nor pointers to what came before would shorten them. */
export function mayCompress(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, sampleBytes);
  return (
    entropyOf(sample) < entropyMax || repeatedPlaces(sample) > sample.length * repeatedShareMax
  );
}

/** What a byte says on average, in bits (C. E. Shannon, “A Mathematical Theory of Communication”, 1948). */
function entropyOf(bytes: Uint8Array): number {
  const counts = new Uint16Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits += count * Math.log2(bytes.length / count);
  return bits / bytes.length;
}

/** At how many places the four bytes are those that were met last under their hash, as LZ4 finds its matches. */
function repeatedPlaces(bytes: Uint8Array): number {
  const seen = new Int32Array(1 << hashBits);
  let count = 0;
  let four = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    four = (four << 8) | (bytes[at] as number);
    if (at < 3) continue;
    const hash = Math.imul(four, hashMultiplier) >>> (32 - hashBits);
    if (seen[hash] === four) count += 1;
    seen[hash] = four;
  }
  return count;
}
