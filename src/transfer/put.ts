/**
 * `everstate put`: a directory in the lake. What has the same bytes there stays as it is; so one that
 * was interrupted goes on when it is run again.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import {
  InvalidInput,
  type LogAccess,
  type LogTransaction,
  limits,
  valuesOfCreate,
} from '../db/index.ts';
import { LakeFile, type Position, positionZero, type Version } from '../entities/index.ts';
import type { RefuseWhenInterrupted } from '../terminal/index.ts';
import type { PassedOver, Tree, TreeFile } from './directory-tree.ts';
import { sha256OfFile } from './manifest.ts';
import { uploaded } from './stored-contents.ts';

export interface PutTerms {
  /** Whose files they are; nobody's in particular with null. */
  readonly userId: string | null;
  /** The folder of the lake that the directory becomes; the root with null. */
  readonly to: string | null;
  /** Whether files of that folder that the directory does not have are deleted. */
  readonly delete: boolean;
  readonly dryRun: boolean;
}

export interface Put {
  created: number;
  updated: number;
  unchanged: number;
  deleted: number;
  /** Of the files that were created or updated. */
  bytes: number;
  readonly passedOver: PassedOver[];
}

/** Told of files that were looked at, or written. */
export type OnFile = (name: string) => void;

/** What a file is called in the lake. */
interface LakePlace {
  readonly userId: string | null;
  readonly path: string | null;
  readonly filename: string;
}

/** A file that differs from what the lake has. */
interface ChangedFile {
  readonly file: TreeFile;
  readonly place: LakePlace;
}

/** Puts a tree into the lake, some files in each transaction. */
export async function putTree(
  log: LogAccess,
  tree: Tree,
  terms: PutTerms,
  onFile: OnFile,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Put> {
  const put: Put = {
    created: 0,
    updated: 0,
    unchanged: 0,
    deleted: 0,
    bytes: 0,
    passedOver: [...tree.passedOver],
  };
  for (const files of batchesOf(tree.files)) {
    refuseWhenInterrupted();
    const changed: ChangedFile[] = [];
    const found = await lookUp(log, files, terms);
    for (const [index, file] of files.entries()) {
      const before = found[index] ?? null;
      onFile(file.filename);
      const place = placeOf(file, terms);
      const why = whyRefused(place);
      if (why !== null)
        put.passedOver.push({ path: [...file.folders, file.filename].join('/'), why });
      else if (before && (await isSame(file, before))) put.unchanged += 1;
      else changed.push({ file, place });
    }
    await putChanged(log, changed, terms, put);
  }
  if (terms.delete) await deleteOthers(log, tree, terms, put, refuseWhenInterrupted);
  return put;
}

function placeOf({ folders, filename }: TreeFile, { userId, to }: PutTerms): LakePlace {
  const path = [...(to === null ? [] : [to]), ...folders].join('/');
  return { userId, path: path === '' ? null : path, filename };
}

/** Why the lake has no such place, a name that is too long, say; null where it may have. */
function whyRefused(place: LakePlace): string | null {
  try {
    valuesOfCreate(LakeFile, { ...place, size: 0, sha256: '0'.repeat(64) });
    return null;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.message.replace(/\.$/, '');
  }
}

function* batchesOf(files: readonly TreeFile[]): Generator<readonly TreeFile[], void> {
  let some: TreeFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (
      some.length >= limits.putFilesMax ||
      (bytes + file.size > limits.putBytesMax && bytes > 0)
    ) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(file);
    bytes += file.size;
  }
  if (some.length > 0) yield some;
}

/** The files of the lake in whose place those of the tree would be. */
async function lookUp(
  log: LogAccess,
  files: readonly TreeFile[],
  terms: PutTerms,
): Promise<(Version<typeof LakeFile> | null)[]> {
  const { value } = await log.tryOut(async (transaction) => {
    const found: (Version<typeof LakeFile> | null)[] = [];
    for (const file of files) found.push(await findFile(transaction, placeOf(file, terms)));
    return found;
  });
  return value;
}

async function findFile(
  log: LogTransaction,
  place: LakePlace,
): Promise<Version<typeof LakeFile> | null> {
  const id = await log.find(LakeFile, place);
  return id === null ? null : await log.get(LakeFile, id);
}

async function isSame({ location, size }: TreeFile, { values }: Version<typeof LakeFile>) {
  if (size !== values.size) return false;
  // A stream of a small file takes longer than all else of it.
  if (size <= limits.contentsAtOnceBytes) {
    return (
      createHash('sha256')
        .update(await readFile(location))
        .digest('hex') === values.sha256
    );
  }
  return (await sha256OfFile(location)) === values.sha256;
}

async function putChanged(
  log: LogAccess,
  changed: readonly ChangedFile[],
  { dryRun }: PutTerms,
  put: Put,
): Promise<void> {
  if (changed.length === 0) return;
  const contents: Contents[] = [];
  for (const { file } of changed) contents.push(await contentsOf(log, file, dryRun));
  const counted = { created: 0, updated: 0, bytes: 0 };
  const work = async (transaction: LogTransaction) => {
    for (const [index, { file, place }] of changed.entries()) {
      const stored = await (contents[index] as Contents)(transaction);
      const before = await findFile(transaction, place);
      if (before) await transaction.update(LakeFile, before.id, stored);
      else await transaction.create(LakeFile, { ...place, ...stored, filetype: typeOf(file) });
      counted[before ? 'updated' : 'created'] += 1;
      counted.bytes += stored.size;
    }
  };
  if (dryRun) await log.tryOut(work);
  else await log.transact(work, { reason });
  put.created += counted.created;
  put.updated += counted.updated;
  put.bytes += counted.bytes;
}

/** Why, as the log has it. */
const reason = 'everstate put';

/** The bytes of a file, stored by the transaction that it is called with. */
type Contents = (
  log: LogTransaction,
) => Promise<{ readonly sha256: string; readonly size: number }>;

async function contentsOf(log: LogAccess, file: TreeFile, dryRun: boolean): Promise<Contents> {
  if (file.size <= limits.contentsAtOnceBytes) {
    const bytes = await readFile(file.location);
    return (transaction) => transaction.putContents(bytes);
  }
  if (dryRun) return async () => ({ sha256: '0'.repeat(64), size: file.size });
  const { contents } = await uploaded(log, file.location);
  return async (transaction) => await transaction.keepUpload(contents);
}

function typeOf({ filename }: TreeFile): string | null {
  const extension = extname(filename).slice(1).toLowerCase();
  return extension === '' ? null : extension;
}

/** Deletes what the folder of the lake has, and the directory does not. */
async function deleteOthers(
  log: LogAccess,
  tree: Tree,
  terms: PutTerms,
  put: Put,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<void> {
  const kept = new Set(tree.files.map((file) => keyOf(placeOf(file, terms))));
  const at = (await log.totals()).position;
  for (let after = positionZero; after < at; ) {
    refuseWhenInterrupted();
    const last = Math.min(after + limits.transferRows, at) as Position;
    const files = log.liveVersions(LakeFile, after, last, at);
    const others = files.filter(
      ({ values }) =>
        values.userId === terms.userId &&
        isBelow(values.path, terms.to) &&
        !kept.has(keyOf(values)) &&
        !isPassedOver(values, tree, terms),
    );
    await deleteAll(log, others, terms.dryRun);
    put.deleted += others.length;
    after = last;
  }
}

async function deleteAll(
  log: LogAccess,
  files: readonly Version<typeof LakeFile>[],
  dryRun: boolean,
): Promise<void> {
  if (files.length === 0 || dryRun) return;
  const work = async (transaction: LogTransaction) => {
    for (const { id, revision } of files) {
      await transaction.delete(LakeFile, id, { expectedRevision: revision });
    }
  };
  await log.transact(work, { reason });
}

function keyOf({ path, filename }: Pick<LakePlace, 'path' | 'filename'>): string {
  return JSON.stringify([path, filename]);
}

function isBelow(path: string | null, to: string | null): boolean {
  return to === null || path === to || (path?.startsWith(`${to}/`) ?? false);
}

/** What is there, but was not looked into, is not missing: neither it nor what may be below it. */
function isPassedOver(
  { path, filename }: Pick<LakePlace, 'path' | 'filename'>,
  { passedOver }: Tree,
  { to }: PutTerms,
): boolean {
  const whole = [...(path === null ? [] : [path]), filename].join('/');
  return passedOver.some((each) => {
    const other = [...(to === null ? [] : [to]), each.path].join('/');
    return whole === other || whole.startsWith(`${other}/`);
  });
}
