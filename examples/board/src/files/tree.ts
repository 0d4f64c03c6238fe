/** The lake's folders, made of the paths of its files. */
import type { LakeFile } from '../graphql/files.ts';

export interface Folder {
  /** The whole path; empty for the root. */
  readonly path: string;
  readonly name: string;
  readonly folders: readonly Folder[];
  readonly files: readonly LakeFile[];
}

interface Growing extends Folder {
  readonly folders: Growing[];
  readonly files: LakeFile[];
}

export function treeOf(files: readonly LakeFile[]): Folder {
  const root: Growing = { path: '', name: '', folders: [], files: [] };
  for (const file of files) {
    let folder = root;
    for (const name of (file.path ?? '').split('/').filter((part) => part !== '')) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`;
      let next = folder.folders.find((it) => it.name === name);
      if (!next) {
        next = { path, name, folders: [], files: [] };
        folder.folders.push(next);
      }
      folder = next;
    }
    folder.files.push(file);
  }
  return root;
}

/** Files of a folder and of all below it. */
export function filesIn({ files, folders }: Folder): number {
  return folders.reduce((sum, folder) => sum + filesIn(folder), files.length);
}
