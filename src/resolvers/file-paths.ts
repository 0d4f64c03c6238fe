/**
 * The paths of files in URLs, read and written. A file is named by its record, at one revision or at
 * any; a file of the lake by its folder and filename too, and a folder by itself.
 *
 * - `/files/<id>` and `/files/<id>/<revision>`, of a record that is the file, as a LakeFile is;
 * - `/files/contacts/<id>/photo` and `/files/contacts/<id>/photo/<revision>`, of any other;
 * - `/files/by-path/<folder>/<filename>`, and `/files/by-path/<folder>/`, which ends in "/";
 * - `/files/uploads` and `/files/uploads/<id>`, which are no files: uploads that come in several requests.
 */

/** A file of a record; without a revision whichever is in force. */
export interface RecordPath {
  readonly kind: 'record';
  /** The plural of its entity; null where the record is the file. */
  readonly plural: string | null;
  readonly id: string;
  /** The field that holds the file; null where the record is the file. */
  readonly field: string | null;
  readonly revision: number | null;
}

/** Whichever file of the lake has a name in a folder. */
export interface PlacePath {
  readonly kind: 'place';
  /** The folder, as LakeFiles have it; null is the root. */
  readonly folder: string | null;
  readonly filename: string;
}

export interface FolderPath {
  readonly kind: 'folder';
  readonly folder: string | null;
}

export type FilePath = RecordPath | PlacePath | FolderPath;

/** Where records with these ids would be, were it not for the sign before them. */
const byPath = 'by-path';
const uploads = 'uploads';

/** What a part of a URL may not be, encoded or not: it leads elsewhere. */
const leadsElsewhere = /^(?:\.\.?|by-path)$/;

/** What an id may not be either; a folder may. */
const leadsIdElsewhere = /^(?:\.\.?|by-path|uploads)$/;

/** @returns what a URL's path names; null for a path that names no file or folder. */
export function parseFilePath(pathname: string): FilePath | null {
  const [first = '', ...others] = pathname.split('/').slice(2);
  if (first === byPath) return others.length > 0 ? placeOf(others) : null;
  const isRecord = others.length < 2;
  if (isRecord && first === uploads) return null;
  const [kind, encoded = '', field, revision] = isRecord
    ? [null, first, null, others[0]]
    : [first, ...others];
  const id = decodePart(encoded);
  if (!id || others.length > 3) return null;
  if (revision !== undefined && !revisionPattern.test(revision)) return null;
  return {
    kind: 'record',
    plural: kind,
    id,
    field: field ?? null,
    revision: revision === undefined ? null : Number(revision),
  };
}

/** Revisions as URLs have them: 1, 2, 3 …, fewer than a thousand million. */
export const revisionPattern = /^[1-9]\d{0,8}$/;

/** The path of a record's file. */
export function recordPath({ plural, id, field, revision }: Omit<RecordPath, 'kind'>): string {
  const which = plural === null ? [encodeId(id)] : [plural, encodeId(id), field];
  return `/files/${[...which, ...(revision === null ? [] : [revision])].join('/')}`;
}

/** Where uploads that come in several requests are begun. */
export const uploadsPath = `/files/${uploads}`;

/** @returns the id of the upload that a path names, empty where they are begun; null for any other path. */
export function parseUploadPath(pathname: string): string | null {
  const [id = '', ...others] = pathname.split('/').slice(3);
  const isOne = pathname === uploadsPath || pathname.startsWith(`${uploadsPath}/`);
  return isOne && others.length === 0 ? id : null;
}

/** The path of a folder. */
export function folderPath(folder: string | null): string {
  const parts = folder === null ? [] : folder.split('/').map(encodePart);
  return `/files/${[byPath, ...parts].join('/')}/`;
}

function placeOf(encoded: readonly string[]): PlacePath | FolderPath | null {
  const parts = encoded.map(decodePart);
  if (parts.includes(null)) return null;
  const filename = parts.pop() as string;
  const folder = parts.length > 0 ? parts.join('/') : null;
  return filename === '' ? { kind: 'folder', folder } : { kind: 'place', folder, filename };
}

/**
 * A text as a part of a URL. One that leads elsewhere has a sign before it that no other text begins
 * with once it is encoded.
 */
function encodePart(text: string): string {
  return leadsElsewhere.test(text) ? `=${text}` : encodeURIComponent(text);
}

function encodeId(id: string): string {
  return leadsIdElsewhere.test(id) ? `=${id}` : encodePart(id);
}

/** Null for what no text is encoded as. */
function decodePart(encoded: string): string | null {
  const part = encoded.startsWith('=') ? encoded.slice(1) : encoded;
  try {
    return decodeURIComponent(leadsIdElsewhere.test(part) ? part : encoded);
  } catch {
    return null;
  }
}
