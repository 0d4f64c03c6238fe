/** Memory that can be handed over to another thread. */

/** Whether bytes share their memory with no others: only then can it be handed over. */
export function hasOwnMemory(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
}
