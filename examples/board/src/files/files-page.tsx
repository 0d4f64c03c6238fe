/** The lake: one of its folders, the file that is open, and SQL over all of it. */
import { useDeferredValue, useState } from 'react';
import { useFolder } from '../router.tsx';
import { SqlPanel } from '../sql/sql-panel.tsx';
import { useSqlDraft } from '../sql/use-sql-draft.ts';
import { useMoment } from '../time/moment.tsx';
import { counted } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { useToasts } from '../ui/toast.tsx';
import { UploadList } from '../uploads/upload-list.tsx';
import { uploads } from '../uploads/uploads.ts';
import { useDrop } from '../uploads/use-drop.ts';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { FileDetail } from './file-detail.tsx';
import { FileList } from './file-list.tsx';
import { FolderActions } from './folder-actions.tsx';
import { ownersBelow } from './folders.ts';
import { useFiles } from './use-files.ts';
import './files-page.css';

interface Props {
  readonly openId: string | null;
  /** Whether SQL is what one came for: where there is room for one thing alone, it is that. */
  readonly isAsking: boolean;
}

const pageSize = 100;
/** The most that the server lists at once. */
const filesMost = 1_000;

export function FilesPage({ openId, isAsking }: Props) {
  const folder = useFolder();
  const readOnly = useMoment().wanted !== null;
  const { show } = useToasts();
  const [search, setSearch] = useState('');
  const words = useDeferredValue(search).trim();
  const place = `${folder} ${words}`;
  const [asked, setAsked] = useState({ place, first: pageSize });
  const first = asked.place === place ? asked.first : pageSize;
  const { files, totalCount, folders, counts, problem } = useFiles(folder, words, first);
  const draft = useSqlDraft(files ?? []);
  const isOver = useDrop(readOnly ? null : (dropped) => uploads.add(dropped, folder), (names) => {
    const text = `Folders are not uploaded: ${names.join(', ')}. Drop the files in them.`;
    show({ kind: 'problem', about: 'folders', text });
  });
  const isEmpty = files?.length === 0 && folders.length === 0;
  return (
    <div className="split files" data-open={openId !== null || isAsking || undefined}>
      <section className="list-pane" aria-label="Files" tabIndex={-1} data-focus="home">
        <search className="filters">
          <label className="search">
            <Icon name="search" />
            <span className="unseen">Search all files</span>
            <input
              type="search"
              placeholder="Search all files"
              value={search}
              onChange={({ target }) => setSearch(target.value)}
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
            There are no files here.
            {!readOnly && words === '' && ' Drop some anywhere on this page.'}
          </Notice>
        )}
        <nav aria-label="Folders and files" className="tree">
          <FileList
            folders={folders}
            files={files ?? []}
            openId={openId}
            withFolders={words !== ''}
          />
          {files && files.length < totalCount && (
            <div className="more">
              {first < filesMost ? (
                <button
                  type="button"
                  className="button"
                  onClick={() => setAsked({ place, first: Math.min(first * 2, filesMost) })}
                >
                  Show more files
                </button>
              ) : (
                `The first ${counted(files.length, 'file')}. The search finds the others.`
              )}
            </div>
          )}
        </nav>
      </section>
      {openId === null ? <SqlPanel draft={draft} /> : <FileDetail key={openId} id={openId} />}
      {isOver && (
        <div className="drop-here">
          <span>
            <Icon name="upload" /> Drop to upload into {folder ?? 'the lake'}
          </span>
        </div>
      )}
    </div>
  );
}
