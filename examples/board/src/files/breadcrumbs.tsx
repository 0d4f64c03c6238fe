/** Where in the lake one is. */
import { FolderLink } from '../router.tsx';
import { Icon } from '../ui/icons.tsx';
import { wayTo } from './folders.ts';

export function Breadcrumbs({ folder }: { readonly folder: string | null }) {
  const way = wayTo(folder);
  return (
    <nav aria-label="Folder" className="breadcrumbs">
      <ol>
        <li>
          <FolderLink to={null} aria-current={folder === null ? 'page' : undefined}>
            Lake
          </FolderLink>
        </li>
        {way.map(({ name, path }) => (
          <li key={path}>
            <Icon name="forward" />
            <FolderLink to={path} aria-current={path === folder ? 'page' : undefined}>
              {name || '(no name)'}
            </FolderLink>
          </li>
        ))}
      </ol>
    </nav>
  );
}
