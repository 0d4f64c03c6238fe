/** The files below a directory, as a lake can have them. */

import { isUtf8 } from 'node:buffer';
import { lstat, opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A file, and where it is below the directory. */
export interface TreeFile {
  /** Where it lies on this machine. */
  readonly location: string;
  /** The folders that lead to it, the outermost first. */
  readonly folders: readonly string[];
  readonly filename: string;
  /** In bytes, when it was looked at. */
  readonly size: number;
}

/** What is passed over, and why. */
export interface PassedOver {
  /** Below the directory. */
  readonly path: string;
  readonly why: string;
}

export interface Tree {
  /** By their names, folder by folder. */
  readonly files: readonly TreeFile[];
  readonly passedOver: readonly PassedOver[];
}

/** Looks at all that is below a directory. @throws where a folder cannot be read. */
export async function readTree(directory: string): Promise<Tree> {
  const files: TreeFile[] = [];
  const passedOver: PassedOver[] = [];
  const visit = async (folders: readonly string[]): Promise<void> => {
    const here = join(directory, ...folders);
    const inner: string[] = [];
    for (const name of await namesIn(here)) {
      const path = [...folders, name.text].join('/');
      if (!name.isText) {
        passedOver.push({ path, why: 'its name is not UTF-8' });
        continue;
      }
      const location = join(here, name.text);
      const found = await lstat(location);
      if (found.isDirectory()) inner.push(name.text);
      else if (found.isFile())
        files.push({ location, folders, filename: name.text, size: found.size });
      else
        passedOver.push({
          path,
          why: found.isSymbolicLink() ? 'it is a symbolic link' : 'it is no file',
        });
    }
    for (const name of inner) await visit([...folders, name]);
  };
  await visit([]);
  return { files, passedOver };
}

interface EntryName {
  readonly text: string;
  readonly isText: boolean;
}

/** Node takes what is not UTF-8 for something else, and the file would not be found by it. */
async function namesIn(directory: string): Promise<EntryName[]> {
  const names: EntryName[] = [];
  const entries = await opendir(directory, { encoding: 'buffer' as never });
  for await (const { name } of entries) {
    const bytes = name as unknown as Buffer;
    names.push({ text: bytes.toString('utf8').replaceAll(sep, '/'), isText: isUtf8(bytes) });
  }
  return names.sort((a, b) => (a.text < b.text ? -1 : 1));
}
