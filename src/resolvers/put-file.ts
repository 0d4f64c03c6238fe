/** Writing a file of the lake by its name: whoever can send bytes over HTTP can. */
import type { Operation } from './operation.ts';
import { receive } from './receive.ts';
import {
  type FileTarget,
  type PutResult,
  refuseBadName,
  tryFile,
  writeFile,
} from './write-file.ts';

/** What is sent. */
export interface FileBody {
  /** As they come. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How many there may be. */
  readonly bytesMax: number;
  /** Whether whoever sends them asks first, and sends none if the answer is no. */
  readonly asksFirst: boolean;
  /** The SHA-256 that they must have, in hexadecimal; null where nobody says. */
  readonly sha256: string | null;
}

/** The bytes that came are not those that were announced. */
export class OtherBytes extends Error {
  override readonly name = 'OtherBytes';
}

/**
 * Makes bytes the contents of the file with a name, a new file where there is none. They are stored as
 * they come, and seen once all of them are.
 * @throws PreconditionFailed, TooManyBytes, OtherBytes, a Problem, or Forbidden; then there is nothing of them.
 */
export async function putFile(
  target: FileTarget,
  { bytes, bytesMax, asksFirst, sha256 }: FileBody,
  operation: Operation,
): Promise<PutResult> {
  refuseBadName(target.where);
  if (asksFirst) await tryFile(operation, target);
  const uploaded = await receive(bytes, bytesMax, operation.view);
  try {
    if (sha256 !== null && uploaded.sha256 !== sha256) {
      const came = `The bytes that came have the SHA-256 ${uploaded.sha256}`;
      throw new OtherBytes(`${came}, but ${sha256} was announced. Send them again.`);
    }
    return await writeFile(operation, target, (log) => log.keepUpload(uploaded));
  } finally {
    await operation.view.discardUpload(uploaded.upload);
  }
}
