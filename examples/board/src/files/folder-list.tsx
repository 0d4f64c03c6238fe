/** A folder's folders and files; folders open and close. */
import { PlaceLink } from '../router.tsx';
import { bytes, count } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { type Folder, filesIn } from './tree.ts';

interface Props {
  readonly folder: Folder;
  readonly openId: string | null;
}

export function FolderList({ folder, openId }: Props) {
  return (
    <ul>
      {folder.folders.map((inner) => (
        <li key={inner.path}>
          <details open>
            <summary>
              <Icon name="forward" />
              <Icon name="folder" />
              <span>{inner.name}</span>
              <span className="badge">{count(filesIn(inner))}</span>
            </summary>
            <FolderList folder={inner} openId={openId} />
          </details>
        </li>
      ))}
      {folder.files.map(({ id, filename, size, revision }) => (
        <li key={id}>
          <PlaceLink
            to={{ page: 'files', id }}
            className="file"
            aria-current={id === openId || undefined}
            data-file={id}
          >
            <Icon name="file" />
            <span className="file-name">{filename}</span>
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
