/** Making contents those of the file of the lake with a name, a new one where there is none. */
import { InvalidInput, type LogTransaction } from '../db/index.ts';
import { LakeFile, type ValuesOf, type Version } from '../entities/index.ts';
import type { Operation } from './operation.ts';
import { isRefused, type WriteOptions, write } from './write.ts';

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

/** What is written, and where. */
export interface FileTarget {
  readonly where: LakePath;
  /** What it is said to be; what it was before, where nothing is said. */
  readonly filetype?: string | undefined;
  /** Looked at in the transaction that writes. */
  readonly precondition: Precondition;
}

export interface PutResult {
  readonly version: Version<typeof LakeFile>;
  readonly isNew: boolean;
}

/**
 * Writes a file in one transaction.
 * @param keep stores its contents, within the transaction.
 * @throws PreconditionFailed, a Problem, Forbidden, or what `keep` throws.
 */
export async function writeFile(
  operation: Operation,
  { where, filetype, precondition }: FileTarget,
  keep: (log: LogTransaction) => Promise<Pick<ValuesOf<typeof LakeFile>, 'sha256' | 'size'>>,
  options: WriteOptions = {},
): Promise<PutResult> {
  const request = { mutation: 'putFile', args: { options } };
  const written = await write(operation, request, async (log) => {
    const id = await log.find(LakeFile, where);
    await refuseOther(log, id, precondition);
    const values = { ...(filetype !== undefined && { filetype }), ...(await keep(log)) };
    if (id !== null) return [await log.update(LakeFile, id, values)];
    const version = await log.create(LakeFile, { ...where, ...values });
    return [{ version, changed: true, rebasedOver: [] }];
  });
  if (isRefused(written)) throw written.problem;
  const [{ version, changed }] = written.results as [(typeof written.results)[number]];
  const isNew = changed && version.revision === 1;
  return { version: version as Version<typeof LakeFile>, isNew };
}

/**
 * Refuses what would refuse a file once all its bytes have come, before any has.
 * @throws PreconditionFailed, a Problem, or Forbidden.
 */
export async function tryFile(operation: Operation, target: FileTarget): Promise<void> {
  refuseBadName(target.where);
  const nothing = new Uint8Array();
  await writeFile(operation.another(), target, (log) => log.putContents(nothing), { dryRun: true });
}

/** What no path can lead to is not written by one. @throws InvalidInput. */
export function refuseBadName({ filename, path }: LakePath): void {
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
