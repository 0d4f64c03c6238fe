/** The thread of ChunkMaker: it is sent the bytes of chunks, and sends what is stored of each, in their order. */
import { parentPort } from 'node:worker_threads';
import { chunkOf } from './chunk-encoding.ts';

parentPort?.on('message', (bytes: Uint8Array) => {
  const chunk = chunkOf(bytes);
  const owned = ownMemory(chunk.bytes);
  parentPort?.postMessage({ ...chunk, bytes: owned }, [owned.buffer]);
});

// Nobody would hear of a chunk that did not come, and all that follow would be taken for others.
parentPort?.on('messageerror', (error) => {
  throw error;
});

/** Only memory that holds nothing else can be handed over. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isOwn ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
