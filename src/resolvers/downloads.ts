/** Finding the file that a path names, at a revision or a position. */
import { LakeFile, type Position, type Version } from '../entities/index.ts';
import { past } from './as-of.ts';
import type { PlacePath, RecordPath } from './file-paths.ts';
import { type StoredFile, storedFile } from './files.ts';
import { findByPath } from './lake-files.ts';
import type { View } from './view/view.ts';

/** Which of a file's versions is asked for; without either the one that is in force. */
export interface AskedVersion {
  readonly revision: number | null;
  readonly position: Position | null;
  /** Whose file it is, where it is named by folder and filename; null: nobody's in particular. */
  readonly userId: string | null;
}

/**
 * The file that a path names.
 * @param asked a revision or a position, not both.
 * @returns null where there is none, or it is not seen; where the record was deleted, unless a revision
 *   is asked for.
 * @throws BadRequest for a position that has not been yet.
 */
export async function findDownload(
  view: View,
  path: RecordPath | PlacePath,
  asked: AskedVersion,
): Promise<StoredFile | null> {
  if (path.kind === 'place') {
    const version = await findPlace(view, path, asked);
    return version && ofLakeFile(version);
  }
  const { plural, field, id } = path;
  const found = view.entities
    .filter((entity) => plural === null || entity.plural === plural)
    .flatMap((entity) => entity.files.map((file) => ({ entity, file })))
    .find(({ file }) => (field === null ? file.isRecord : file.name === field && !file.isRecord));
  if (!found) return null;
  const revision = path.revision ?? asked.revision;
  const version =
    revision === null
      ? await view.records.record(found.entity, { id, at: await momentIn(view, asked) })
      : await view.records.revision(found.entity, id, revision);
  // A deletion is a revision as well, and names the bytes that were there before it.
  if (!version || (revision === null && version.operation === 'DELETE')) return null;
  return storedFile(version, found.file);
}

/**
 * The position at which somebody asks: the one that they name, or the log's last one.
 * @throws BadRequest for a position that has not been yet.
 */
export async function momentIn(
  view: View,
  { position }: Pick<AskedVersion, 'position'>,
): Promise<Position> {
  const head = await view.head();
  return position === null ? head : past('position', position, head);
}

/** The file of a version of the lake. */
export function ofLakeFile(version: Version<typeof LakeFile>): StoredFile | null {
  const [file] = LakeFile.files;
  return file ? storedFile(version, file) : null;
}

async function findPlace(
  view: View,
  { folder, filename }: PlacePath,
  asked: AskedVersion,
): Promise<Version<typeof LakeFile> | null> {
  if (!view.entities.includes(LakeFile)) return null;
  const where = { path: folder, userId: asked.userId, filename };
  const version = await findByPath(view.pastReads, where, await momentIn(view, asked));
  if (!version || asked.revision === null) return version;
  return await view.records.revision(LakeFile, version.id, asked.revision);
}
