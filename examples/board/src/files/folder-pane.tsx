/** What one looks around in: a folder with what can be done with it, or what a search has found. */
import { useMoment } from '../time/moment.tsx';
import { counted } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { UploadList } from '../uploads/upload-list.tsx';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { FileList } from './file-list.tsx';
import { FolderActions } from './folder-actions.tsx';
import { ownersBelow } from './folders.ts';
import type { Files } from './use-files.ts';

interface Props {
  readonly folder: string | null;
  readonly search: string;
  readonly onSearch: (search: string) => void;
  /** Whether what is shown was found, in whatever folder. */
  readonly isFound: boolean;
  readonly shown: Files;
  readonly openId: string | null;
}

export function FolderPane({ folder, search, onSearch, isFound, shown, openId }: Props) {
  const readOnly = useMoment().wanted !== null;
  const { files, folders, counts, totalCount, problem } = shown;
  const isEmpty = files?.length === 0 && folders.length === 0;
  return (
    <section className="list-pane" aria-label="Files" tabIndex={-1} data-focus="home">
      <search className="filters">
        <label className="search">
          <Icon name="search" />
          <span className="unseen">Search all files</span>
          <input
            type="search"
            placeholder="Search all files"
            value={search}
            onChange={({ target }) => onSearch(target.value)}
          />
        </label>
        {files && <span className="counted">{counted(totalCount, 'file')}</span>}
      </search>
      <div className="folder-head">
        <Breadcrumbs folder={folder} />
        <FolderActions folder={folder} owners={ownersBelow(folder, counts)} readOnly={readOnly} />
      </div>
      <UploadList />
      {problem && (
        <Notice kind="problem">
          The files could not be read: {problem}
          {files && ' What is shown was read before.'}
        </Notice>
      )}
      {!files && !problem && <div className="waiting">Reading the files…</div>}
      {isEmpty && (
        <Notice>
          There are no files here.{!readOnly && !isFound && ' Drop some anywhere on this page.'}
        </Notice>
      )}
      <nav aria-label="Folders and files" className="tree">
        <FileList folders={folders} files={files ?? []} openId={openId} withFolders={isFound} />
        <More {...shown} />
      </nav>
    </section>
  );
}

function More({ files, totalCount, onMore }: Files) {
  if (!files || files.length >= totalCount) return null;
  return (
    <div className="more">
      {onMore ? (
        <button type="button" className="button" onClick={onMore}>
          Show more files
        </button>
      ) : (
        `The first ${counted(files.length, 'file')}. The search finds the others.`
      )}
    </div>
  );
}
