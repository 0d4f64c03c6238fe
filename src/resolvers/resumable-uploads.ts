/** Files of the lake whose bytes come in several requests: to any process, and over restarts. */
import {
  Forbidden,
  offsetOf,
  Problem,
  type ResumableState,
  type ResumableUpload,
} from '../db/index.ts';
import type { Operation } from './operation.ts';
import {
  type FileTarget,
  PreconditionFailed,
  type PutResult,
  tryFile,
  writeFile,
} from './write-file.ts';

/**
 * Begins an upload. What would refuse it at its end refuses it now, before its bytes are sent.
 * @param size how many bytes it will have.
 * @param metadata what its client says of it, as it says it.
 * @returns its id.
 * @throws PreconditionFailed, TooManyUploads, a Problem, or Forbidden.
 */
export async function beginUpload(
  target: FileTarget,
  size: number,
  metadata: string,
  operation: Operation,
): Promise<string> {
  await tryFile(operation, target);
  return await operation.view.beginResumable(size, metadata);
}

/**
 * Takes bytes of an upload where it is. What came is stored, however they end. When they are the last ones
 * the file is written, in one transaction with them.
 * @returns how many bytes it has, and what it came to once it has all of them.
 * @throws what the bytes throw, UploadMoved, and what `endUpload` throws.
 */
export async function continueUpload(
  state: ResumableState,
  target: FileTarget,
  bytes: AsyncIterable<Uint8Array>,
  operation: Operation,
): Promise<{ readonly offset: number; readonly result: PutResult | null }> {
  const { size } = state;
  if (offsetOf(state) === size) {
    return {
      offset: size,
      result: await endUpload(operation.view.resume(state), target, operation),
    };
  }
  const upload = operation.view.resume(state);
  try {
    for await (const piece of bytes) await upload.write(piece);
  } catch (error) {
    await upload.pause();
    throw error;
  }
  if (upload.offset < size) return { offset: await upload.pause(), result: null };
  return { offset: size, result: await endUpload(upload, target, operation) };
}

/**
 * Writes the file of an upload that has all its bytes; once, however often it is asked for.
 * @throws UploadMoved, PreconditionFailed, a Problem, or Forbidden; these leave nothing of the upload.
 */
export async function endUpload(
  upload: ResumableUpload,
  target: FileTarget,
  operation: Operation,
): Promise<PutResult> {
  const ended = await upload.end();
  const options = { idempotencyKey: `upload ${upload.id}` };
  try {
    return await writeFile(operation, target, (log) => log.keepResumable(ended), options);
  } catch (error) {
    const isRefused = [PreconditionFailed, Problem, Forbidden].some(
      (kind) => error instanceof kind,
    );
    if (isRefused) await operation.view.discardUpload(upload.id);
    throw error;
  }
}
