/** What is special to files: their bytes, and being found by path and filename. */

import {
  BadRequest,
  ContentsDamaged,
  InvalidInput,
  isWellFormed,
  type LogTransaction,
  NotFound,
  type RecordFilter,
} from '../db/index.ts';
import type { Version } from '../entities/index.ts';
import { LakeFile } from '../entities/index.ts';
import { type AsOf, momentOf } from './as-of.ts';
import type { WriteInput, WriteSteps } from './change-records.ts';
import type { Operation } from './operation.ts';
import type { RecordAt } from './records.ts';
import type { View } from './view/view.ts';

export type LakeFileVersion = Version<typeof LakeFile>;

export interface PathArgs {
  readonly path?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly asOf?: AsOf | null | undefined;
}

/** The file with a name in a folder, for a user; a null matches a null. */
export async function readLakeFileByPath(
  args: PathArgs & { readonly filename: string },
  operation: Operation,
): Promise<RecordAt<typeof LakeFile> | null> {
  const { at, reads } = await momentOf(args.asOf, operation);
  const filter = { ...folderFilter(args), filename: { eq: args.filename } };
  const { versions } = await reads.list(LakeFile, { at, filter, limit: 1 });
  return versions[0] ? { version: versions[0], at } : null;
}

/** Whether any file lies in a folder, for a user; a null matches a null. */
export async function lakePathExists(args: PathArgs, operation: Operation): Promise<boolean> {
  const { at, reads } = await momentOf(args.asOf, operation);
  const page = await reads.list(LakeFile, { at, filter: folderFilter(args), limit: 1 });
  return page.versions.length > 0;
}

function folderFilter({ path, userId }: PathArgs): RecordFilter {
  const same = (value: string | null | undefined) =>
    value == null ? { isNull: true } : { eq: value };
  return { path: same(path), userId: same(userId) };
}

/** The relative URL of a version's bytes, as whoever asks can open it. */
export function downloadUrl(version: LakeFileVersion, operation: Operation): string {
  return operation.signed(pathOf(version));
}

/**
 * The path of a version's bytes. URLs with a part that is "." or ".." lead elsewhere,
 * encoded or not: such an id has a sign before it that no other id begins with once it is encoded.
 */
function pathOf({ id, revision }: LakeFileVersion): string {
  const part = /^\.\.?$/.test(id) ? `=${id}` : encodeURIComponent(id);
  return `/files/${part}/${revision}`;
}

/**
 * The file and revision that a path like `/files/<id>/<revision>` names; null for another path, and
 * where it is not seen.
 */
export async function findDownload(
  { records }: View,
  pathname: string,
): Promise<LakeFileVersion | null> {
  const [, encoded = '', revision] = /^\/files\/([^/]+)\/([1-9]\d{0,8})$/.exec(pathname) ?? [];
  const id = decoded(encoded.replace(/^=(?=\.\.?$)/, ''));
  if (!id || !revision) return null;
  return await records.revision(LakeFile, id, Number(revision));
}

/** Null for a text that nothing is encoded as. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * The bytes of a version.
 * @throws BadRequest when there are more than maxBytes; AnswerTooLarge when there are, with what the
 *   operation read before, more than one answer may hold.
 */
export async function readBytes(
  version: LakeFileVersion,
  maxBytes: number,
  operation: Operation,
): Promise<Buffer> {
  const { size } = version.values;
  if (size > maxBytes) {
    throw new BadRequest(
      'maxBytes',
      `is ${maxBytes}, but the file has ${size} bytes. Raise it, or use downloadUrl.`,
    );
  }
  operation.answerSize.addContents(size);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of operation.view.contents(version, version.values.sha256)) {
      chunks.push(chunk);
    }
  } catch (error) {
    if (!(operation.view.records.tentative && error instanceof ContentsDamaged && error.missing))
      throw error;
    const message = 'keeps no contents: they can be read once the write was made without it.';
    throw new BadRequest('dryRun', message);
  }
  return Buffer.concat(chunks);
}

/** The bytes of a version as text; null when they are not UTF-8. */
export async function readText(
  version: LakeFileVersion,
  maxBytes: number,
  operation: Operation,
): Promise<string | null> {
  const bytes = await readBytes(version, maxBytes, operation);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A new file needs its contents; the server derives size and digest from them. */
export const lakeFileCreateSteps: WriteSteps = {
  valuesOf: async (input, log) => await withContents(input, log, true),
  idOf: async (input) => input.id as string,
};

/** A file is named by id or by match; its contents stay unless new ones are given. */
export const lakeFileUpdateSteps: WriteSteps = {
  valuesOf: async ({ match: _, ...input }, log) => await withContents(input, log, false),
  idOf: findLakeFile,
};

async function withContents(
  { data, text, ...values }: WriteInput,
  log: LogTransaction,
  required: boolean,
): Promise<WriteInput> {
  const given = [data, text].filter((contents) => contents != null);
  if (given.length > 1) refuse('text', 'may not be given together with data. Leave one out.');
  if (given.length === 0 && required)
    refuse('data', 'is required, or text, but both were left out.');
  if (given.length === 0) return values;
  return { ...values, ...(await log.putContents(bytesOf(data, text))) };
}

function bytesOf(data: unknown, text: unknown): Uint8Array {
  if (data != null) return data as Uint8Array;
  if (!isWellFormed(text as string)) {
    refuse('text', 'must be well-formed Unicode, but held half of a surrogate pair.');
  }
  return Buffer.from(text as string, 'utf8');
}

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
