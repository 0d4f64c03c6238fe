/** The thread of ChunkMaker: it is sent the bytes of chunks, and sends what is stored of each, in their order. */
import { answerInThread } from '../../shared/answer-in-thread.ts';
import { hasOwnMemory } from '../../shared/own-memory.ts';
import { chunkOf, type StoredChunk } from './chunk-encoding.ts';

answerInThread(
  (bytes: Uint8Array): StoredChunk => {
    const chunk = chunkOf(bytes);
    // A view would be sent with all of the memory that it is of.
    return hasOwnMemory(chunk.bytes) ? chunk : { ...chunk, bytes: new Uint8Array(chunk.bytes) };
  },
  ({ bytes }) => [bytes],
);
