/** Writing a file of the lake by its name: whoever can send bytes over HTTP can. */
import type { Operation } from './operation.ts';
import { receive } from './receive.ts';
import { type FileTarget, type PutResult, refuseBadName, writeFile } from './write-file.ts';

/**
 * Makes bytes the contents of the file with a name, a new file where there is none. They are stored as
 * they come, and seen once all of them are.
 * @param bytesMax how many bytes there may be.
 * @throws PreconditionFailed, TooManyBytes, a Problem, or Forbidden; then there is nothing of them.
 */
export async function putFile(
  target: FileTarget,
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
  operation: Operation,
): Promise<PutResult> {
  refuseBadName(target.where);
  const uploaded = await receive(bytes, bytesMax, operation.view);
  try {
    return await writeFile(operation, target, (log) => log.keepUpload(uploaded));
  } finally {
    await operation.view.discardUpload(uploaded.upload);
  }
}
