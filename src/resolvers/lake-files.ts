/** What is special to files of the lake: being found by path and filename. */
import { InvalidInput, type LogTransaction, NotFound, type RecordFilter } from '../db/index.ts';
import { LakeFile, type Position, type Version } from '../entities/index.ts';
import { type AsOf, momentOf } from './as-of.ts';
import type { WriteInput, WriteSteps } from './change-records.ts';
import { fileSteps } from './files.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import type { SeenReads } from './view/seen-reads.ts';

/** A folder, and whose; a null, or nothing, is a null. */
interface FolderArgs {
  readonly path?: string | null | undefined;
  readonly userId?: string | null | undefined;
}

export interface PathArgs extends FolderArgs {
  readonly asOf?: AsOf | null | undefined;
}

/** The file with a name in a folder, for a user; a null matches a null. */
export async function readLakeFileByPath(
  args: PathArgs & { readonly filename: string },
  operation: Operation,
): Promise<RecordAt<typeof LakeFile> | null> {
  const { at, reads } = await momentOf(args.asOf, operation);
  const version = await findByPath(reads, args, at);
  return version && { version, at };
}

/** The version of the file that had a name in a folder, for a user; a null matches a null. */
export async function findByPath(
  reads: SeenReads,
  { filename, path, userId }: FolderArgs & { readonly filename: string },
  at: Position,
): Promise<Version<typeof LakeFile> | null> {
  const filter = { ...folderFilter({ path, userId }), filename: { eq: filename } };
  const { versions } = await reads.list(LakeFile, { at, filter, limit: 1 });
  return versions[0] ?? null;
}

/** Whether any file lies in a folder, for a user; a null matches a null. */
export async function lakePathExists(args: PathArgs, operation: Operation): Promise<boolean> {
  const { at, reads } = await momentOf(args.asOf, operation);
  const page = await reads.list(LakeFile, { at, filter: folderFilter(args), limit: 1 });
  return page.versions.length > 0;
}

/** What lies in a folder, for a user; a null matches a null. */
export function folderFilter({ path, userId }: FolderArgs): RecordFilter {
  const same = (value: string | null | undefined) =>
    value == null ? { isNull: true } : { eq: value };
  return { path: same(path), userId: same(userId) };
}

const steps = fileSteps(LakeFile, false);

/** A file is named by id or by match. */
export const lakeFileUpdateSteps: WriteSteps = {
  valuesOf: async ({ match: _, ...input }, log) => (await steps.valuesOf?.(input, log)) ?? input,
  idOf: findLakeFile,
};

interface Match {
  readonly filename: string;
  readonly path?: string | null;
  readonly userId?: string | null;
}

async function findLakeFile({ id, match }: WriteInput, log: LogTransaction): Promise<string> {
  if (id != null && match != null)
    refuse('match', 'may not be given together with id. Leave one out.');
  if (id != null) return id as string;
  if (match == null) return refuse('id', 'is required, or match, but both were left out.');
  const { filename, path = null, userId = null } = match as Match;
  const found = await log.find(LakeFile, { filename, path, userId });
  if (found !== null) return found;
  const key = `filename ${JSON.stringify(filename)}, path ${JSON.stringify(path)}, userId ${JSON.stringify(userId)}`;
  throw new NotFound(`There is no LakeFile with ${key}.`, null);
}

function refuse(argument: string, message: string): never {
  throw new InvalidInput([{ path: [argument], message }]);
}
