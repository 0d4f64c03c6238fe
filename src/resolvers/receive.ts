/** Bytes that come piece by piece, on their way into the log. */
import type { Uploaded } from '../db/index.ts';
import type { View } from './view/view.ts';

/** More bytes came than one file may have. */
export class TooManyBytes extends Error {
  override readonly name = 'TooManyBytes';
}

/**
 * Stores bytes as they come, for a transaction to keep.
 * @param bytesMax how many there may be.
 * @throws TooManyBytes, and what the bytes or the log throw; then nothing of them is left.
 */
export function receive(
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
  view: View,
): Promise<Uploaded> {
  return view.receiveUpload(atMost(bytes, bytesMax));
}

async function* atMost(
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > bytesMax) {
      throw new TooManyBytes(`A file may have at most ${bytesMax} bytes, but more came.`);
    }
    yield piece;
  }
}
