/** Writing a file of the lake by its name: whoever can send bytes over HTTP can. */
import { InvalidInput, type LogTransaction, type Uploaded } from '../db/index.ts';
import { LakeFile, type Version } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import { receive } from './receive.ts';
import { isRefused, write } from './write.ts';

/** A file's name, where it lies, and whose it is; a null is a null. */
export interface LakePath {
  readonly filename: string;
  readonly path: string | null;
  readonly userId: string | null;
}

/** What must be true of the file that is there before: told its SHA-256, null where there is none. */
export type Precondition = (sha256: string | null) => boolean;

/** The file is not as the one who writes says. */
export class PreconditionFailed extends Error {
  override readonly name = 'PreconditionFailed';
}

export interface PutResult {
  readonly version: Version<typeof LakeFile>;
  readonly isNew: boolean;
}

/**
 * Makes bytes the contents of the file with a name, a new file where there is none. They are stored as
 * they come, and seen once all of them are.
 * @param precondition looked at when all bytes have come, in the transaction that writes.
 * @param bytesMax how many bytes there may be.
 * @throws PreconditionFailed, TooManyBytes, a Problem, or Forbidden; then there is nothing of them.
 */
export async function putFile(
  where: LakePath,
  bytes: AsyncIterable<Uint8Array>,
  precondition: Precondition,
  bytesMax: number,
  operation: Operation,
): Promise<PutResult> {
  refuseBadName(where);
  const uploaded = await receive(bytes, bytesMax, operation.view);
  try {
    let isNew = false;
    const written = await write(operation, { mutation: 'putFile', args: {} }, async (log) => {
      const id = await log.find(LakeFile, where);
      isNew = id === null;
      await refuseOther(log, id, precondition);
      const contents = await log.keepUpload(uploaded);
      if (id !== null) return [await log.update(LakeFile, id, contents)];
      const version = await log.create(LakeFile, { ...where, ...contents });
      return [{ version, changed: true, rebasedOver: [] }];
    });
    if (isRefused(written)) throw written.problem;
    const [result] = written.results;
    return { version: result?.version as Version<typeof LakeFile>, isNew };
  } finally {
    await discard(uploaded, operation);
  }
}

/** What no path can lead to is not written by one. */
function refuseBadName({ filename, path }: LakePath): void {
  const wrong = [...(path?.split('/') ?? []), filename].find(
    (part) => ['', '.', '..'].includes(part) || /[/\0]/.test(part),
  );
  if (wrong === undefined) return;
  const message =
    'must be made of names that are not empty, "." or "..", and hold neither "/" nor NUL, but had ' +
    `${JSON.stringify(wrong)}.`;
  throw new InvalidInput([{ path: ['path'], message }]);
}

async function refuseOther(
  log: LogTransaction,
  id: string | null,
  precondition: Precondition,
): Promise<void> {
  const before = id === null ? null : await log.get(LakeFile, id);
  if (precondition(before?.values.sha256 ?? null)) return;
  const now = before ? `has the SHA-256 ${before.values.sha256}` : 'does not exist';
  throw new PreconditionFailed(`The file ${now}, which is not what the request asks for.`);
}

async function discard({ upload }: Uploaded, { view }: Operation): Promise<void> {
  await view.discardUpload(upload);
}
