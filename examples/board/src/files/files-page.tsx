/** The lake: its tree, and the file that is open. */
import { useDeferredValue, useMemo, useState } from 'react';
import { counted } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { FileDetail } from './file-detail.tsx';
import { FolderList } from './folder-list.tsx';
import { treeOf } from './tree.ts';
import { useAllFiles } from './use-all-files.ts';
import './files-page.css';

export function FilesPage({ openId }: { readonly openId: string | null }) {
  const { files, problem } = useAllFiles();
  const [search, setSearch] = useState('');
  const words = useDeferredValue(search).trim().toLowerCase();
  const shown = useMemo(
    () =>
      files?.filter(({ path, filename }) => `${path}/${filename}`.toLowerCase().includes(words)),
    [files, words],
  );
  const tree = useMemo(() => treeOf(shown ?? []), [shown]);
  return (
    <div className="split files" data-open={openId !== null || undefined}>
      <section className="list-pane" aria-label="Files">
        <search className="filters">
          <label className="search">
            <Icon name="search" />
            <span className="unseen">Search the files by name</span>
            <input
              type="search"
              placeholder="Search by name"
              value={search}
              onChange={({ target }) => setSearch(target.value)}
            />
          </label>
          {shown && <span className="counted">{counted(shown.length, 'file')}</span>}
        </search>
        {problem && (
          <Notice kind="problem">
            The files could not be read: {problem}
            {files && ' What is shown was read before.'}
          </Notice>
        )}
        {!files && !problem && <div className="waiting">Reading the files…</div>}
        {files && shown?.length === 0 && <Notice>There are no files here.</Notice>}
        <nav aria-label="Folders and files" className="tree">
          <FolderList folder={tree} openId={openId} />
        </nav>
      </section>
      {openId === null ? (
        <section className="detail nothing-open" aria-label="No file is open">
          <Icon name="file" />
          <p>Choose a file to see its versions and what is in it.</p>
        </section>
      ) : (
        <FileDetail key={openId} id={openId} />
      )}
    </div>
  );
}
