/**
 * Folders of the lake: they are the paths of its files, so that a folder is there while a file lies in
 * it or below it.
 */
import { BadRequest, limits, Order, type Place, type RecordFilter } from '../db/index.ts';
import { LakeFile, type OrderKey, type Position, type Version } from '../entities/index.ts';
import { past } from './as-of.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { momentIn, ofLakeFile } from './downloads.ts';
import type { StoredFile } from './files.ts';
import { folderFilter } from './lake-files.ts';
import type { View } from './view/view.ts';

export interface AskedFolder {
  /** As LakeFiles have it; null is the root. */
  readonly folder: string | null;
  /** Whose files; null: nobody's in particular. */
  readonly userId: string | null;
  /** As of when; null: now. */
  readonly position: Position | null;
}

export interface FolderPage {
  /** The position at which it stands. */
  readonly at: Position;
  /** The folders in it, each by the next part of its path, in order; then its files, by name. */
  readonly folders: readonly string[];
  readonly files: readonly StoredFile[];
  /** The cursor from which the next page goes on; null on the last one. */
  readonly next: string | null;
}

/** A file somewhere below a folder. */
export interface FileBelow {
  readonly stored: StoredFile;
  /** The folders between, from the one that was asked for on. */
  readonly folders: readonly string[];
}

export interface FolderBelow {
  readonly at: Position;
  readonly files: AsyncGenerator<FileBelow, void, undefined>;
}

const byName: readonly OrderKey[] = [{ field: 'filename', direction: 'asc' }];
const byPath: readonly OrderKey[] = [
  { field: 'path', direction: 'asc' },
  { field: 'filename', direction: 'asc' },
];

/**
 * A page of what lies in a folder.
 * @param page how many entries at most, and the cursor of the page before, where there is one: the next
 *   stands at the position at which the first one did.
 * @returns null for a folder that is not there, or of which nothing is seen. The root always is.
 * @throws BadRequest for a position that has not been yet, and for a cursor of another list.
 */
export async function listFolder(
  view: View,
  asked: AskedFolder,
  page: { readonly limit: number; readonly after: string | null },
): Promise<FolderPage | null> {
  if (!view.entities.includes(LakeFile)) return null;
  const reading = new FolderReading(view, asked, await momentIn(view, asked));
  const after = page.after === null ? null : await reading.readCursor(page.after);
  const found = await reading.page(after, page.limit);
  const isThere = asked.folder === null || after !== null;
  return isThere || found.folders.length + found.files.length > 0 ? found : null;
}

/**
 * All files in a folder and below it, in the order of their paths and names. They are looked up a few
 * at a time, however many there are, and all at one position.
 * @returns null for a folder that is not there, or of which nothing is seen. The root always is.
 * @throws BadRequest for a position that has not been yet.
 */
export async function walkFolder(view: View, asked: AskedFolder): Promise<FolderBelow | null> {
  if (!view.entities.includes(LakeFile)) return null;
  const at = await momentIn(view, asked);
  const reading = new FolderReading(view, asked, at);
  if (asked.folder !== null && !(await reading.isThere())) return null;
  return { at, files: reading.walk() };
}

/** Where a page goes on: after one of the folders, or after a file. */
type FolderPlace =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'file'; readonly place: Place };

class FolderReading {
  readonly #view: View;
  readonly #folder: string | null;
  readonly #userId: string | null;
  readonly #asked: Position | null;
  readonly #files = new Order(LakeFile, byName);
  readonly #all = new Order(LakeFile, byPath);
  #at: Position;

  constructor(view: View, { folder, userId, position }: AskedFolder, at: Position) {
    this.#view = view;
    this.#folder = folder;
    this.#userId = userId;
    this.#asked = position;
    this.#at = at;
  }

  /** Goes to where a cursor stands. @throws BadRequest for one of another list or position. */
  async readCursor(text: string): Promise<FolderPlace> {
    const { at, place } = decodeCursor('after', text, this.#list);
    if (this.#asked !== null && at !== this.#asked) {
      const message = `must be a cursor at position ${this.#asked}, but is at ${at}.`;
      throw new BadRequest('after', message);
    }
    this.#at = past('after', at, await this.#view.head());
    const [kind, ...rest] = place;
    if (kind === 'folder' && typeof rest[0] === 'string') return { kind, name: rest[0] };
    if (kind === 'file' && this.#files.accepts(rest)) return { kind, place: rest };
    throw new BadRequest('after', 'must be a cursor that this server gave, but is not one.');
  }

  async page(after: FolderPlace | null, limit: number): Promise<FolderPage> {
    const at = this.#at;
    const folders = after?.kind === 'file' ? [] : await this.#folders(after?.name ?? null, limit);
    const more = folders.length > limit;
    if (more) folders.pop();
    const cursorOf = (place: readonly unknown[]) => encodeCursor(this.#list, { at, place });
    const afterFolders = () => cursorOf(['folder', folders.at(-1)]);
    if (more) return { at, folders, files: [], next: afterFolders() };
    const found = await this.#view.pastReads.list(LakeFile, {
      at,
      filter: this.#inside,
      orderBy: byName,
      limit: limit - folders.length,
      after: after?.kind === 'file' ? after.place : undefined,
    });
    const last = found.versions.at(-1);
    const end = () => (last ? cursorOf(['file', ...this.#files.placeOf(last)]) : afterFolders());
    return { at, folders, files: filesOf(found.versions), next: found.more ? end() : null };
  }

  async isThere(): Promise<boolean> {
    const query = { at: this.#at, filter: this.#insideAndBelow, limit: 1 };
    return (await this.#view.pastReads.list(LakeFile, query)).versions.length > 0;
  }

  async *walk(): AsyncGenerator<FileBelow, void, undefined> {
    let after: Place | undefined;
    for (;;) {
      const { versions, more } = await this.#view.pastReads.list(LakeFile, {
        at: this.#at,
        filter: this.#insideAndBelow,
        orderBy: byPath,
        limit: limits.folderStretchRows,
        after,
      });
      for (const stored of filesOf(versions)) yield { stored, folders: this.#foldersTo(stored) };
      const last = versions.at(-1);
      if (!more || !last) return;
      after = this.#all.placeOf(last);
    }
  }

  /** One more than asked for tells that there are more. */
  async #folders(after: string | null, limit: number): Promise<string[]> {
    return await this.#view.pastReads.pathParts(LakeFile, {
      at: this.#at,
      filter: this.#below,
      field: 'path',
      skip: [...this.#prefix].length,
      after,
      limit: limit + 1,
    });
  }

  #foldersTo({ version }: StoredFile): string[] {
    const { path } = (version as Version<typeof LakeFile>).values;
    if (path === null || path === this.#folder) return [];
    return path.slice(this.#prefix.length).split('/');
  }

  /** What the paths below begin with. */
  get #prefix(): string {
    return this.#folder === null ? '' : `${this.#folder}/`;
  }

  get #inside(): RecordFilter {
    return folderFilter({ path: this.#folder, userId: this.#userId });
  }

  get #below(): RecordFilter {
    const path = this.#folder === null ? { isNull: false } : { startsWith: this.#prefix };
    return { ...this.#inside, path };
  }

  get #insideAndBelow(): RecordFilter {
    const { userId, path } = this.#inside;
    return { userId, or: [{ path }, { path: this.#below.path }] };
  }

  /** Names the list, so that a cursor of another one is refused. */
  get #list(): string {
    return `folder:${JSON.stringify([this.#folder, this.#userId])}`;
  }
}

function filesOf(versions: readonly Version<typeof LakeFile>[]): StoredFile[] {
  return versions.flatMap((version) => ofLakeFile(version) ?? []);
}
