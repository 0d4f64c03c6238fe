/** The folders in a folder, and its files; or files of many folders that were found. */
import type { LakeFile } from '../graphql/files.ts';
import { FolderLink, PlaceLink } from '../router.tsx';
import { bytes, count, counted } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import type { Folder } from './folders.ts';

interface Props {
  readonly folders: readonly Folder[];
  readonly files: readonly LakeFile[];
  readonly openId: string | null;
  /** Whether to say in which folder each lies. */
  readonly withFolders: boolean;
}

export function FileList({ folders, files, openId, withFolders }: Props) {
  return (
    <ul className="file-list">
      {folders.map(({ name, path, files: below }) => (
        <li key={`folder ${path}`}>
          <FolderLink to={path} className="file">
            <Icon name="folder" />
            <span className="file-name">{name || '(no name)'}</span>
            <span className="badge" title={counted(below, 'file')}>
              {count(below)}
            </span>
          </FolderLink>
        </li>
      ))}
      {files.map(({ id, path, filename, size, revision }) => (
        <li key={id}>
          <PlaceLink
            to={{ page: 'files', id }}
            className="file"
            aria-current={id === openId || undefined}
            data-file={id}
          >
            <Icon name="file" />
            <span className="file-name">
              {filename}
              {withFolders && path !== null && <span className="in-folder"> in {path}</span>}
            </span>
            {revision > 1 && (
              <span className="badge" title={`${revision} revisions`}>
                {revision}
              </span>
            )}
            <span className="size">{bytes(size)}</span>
          </PlaceLink>
        </li>
      ))}
    </ul>
  );
}
