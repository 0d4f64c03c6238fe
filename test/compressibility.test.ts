/** Whether compressing may pay: told without doing it, and never wrong about what does. */
import { randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayCompress } from '../src/db/log/contents/compressibility.ts';
import { checkProperty } from './support/property.ts';

const lines = Array.from({ length: 2_000 }, (_, line) => `${line},sensor-${line % 7},${line ** 2}`);
const text = Buffer.from(lines.join('\n'));

test('random bytes, what is compressed already and nothing are not worth trying', () => {
  expect(mayCompress(randomBytes(64 * 1_024))).toBe(false);
  expect(mayCompress(gzipSync(text).subarray(0, 4_096))).toBe(false);
  expect(mayCompress(Buffer.alloc(0))).toBe(false);
});

test.each([
  ['text', text],
  ['base64 of random bytes', Buffer.from(randomBytes(48 * 1_024).toString('base64'))],
  ['one byte again and again', Buffer.alloc(9_999, 7)],
  ['all bytes in turn', Buffer.from(Array.from({ length: 8_192 }, (_, index) => index % 256))],
  ['a few random bytes', randomBytes(40)],
])('%s may be', (_, bytes) => {
  expect(mayCompress(bytes)).toBe(true);
});

test('what deflate makes an eighth smaller is never passed over', async () => {
  const noise = randomBytes(4_096);
  /** Noise in which stretches are repeated, or have fewer bits. */
  const bytes = fc
    .array(
      fc.record({
        at: fc.nat(4_000),
        length: fc.integer({ min: 1, max: 600 }),
        mask: fc.constantFrom(255, 255, 127, 63, 15),
      }),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((pieces) =>
      Buffer.concat(
        pieces.map(({ at, length, mask }) =>
          Buffer.from(noise.subarray(at, at + length).map((byte) => byte & mask)),
        ),
      ).subarray(0, 4_096),
    );
  await checkProperty('compressible', bytes, 500, async (sample) => {
    const deflated = deflateRawSync(sample, { level: 1 });
    if (deflated.length <= sample.length * 0.875) expect(mayCompress(sample)).toBe(true);
  });
});
