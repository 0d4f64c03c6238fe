/** The lake: one of its folders, the file that is open, and SQL over all of it. */
import { useDeferredValue, useState } from 'react';
import { useFolder } from '../router.tsx';
import { SqlPanel } from '../sql/sql-panel.tsx';
import { useSqlDraft } from '../sql/use-sql-draft.ts';
import { useMoment } from '../time/moment.tsx';
import { Icon } from '../ui/icons.tsx';
import { useToasts } from '../ui/toast.tsx';
import { uploads } from '../uploads/uploads.ts';
import { useDrop } from '../uploads/use-drop.ts';
import { FileDetail } from './file-detail.tsx';
import { FolderPane } from './folder-pane.tsx';
import { useFiles } from './use-files.ts';
import './files-page.css';

interface Props {
  readonly openId: string | null;
  /** Whether SQL is what one came for: where there is room for one thing alone, it is that. */
  readonly isAsking: boolean;
}

export function FilesPage({ openId, isAsking }: Props) {
  const folder = useFolder();
  const readOnly = useMoment().wanted !== null;
  const { show } = useToasts();
  const [search, setSearch] = useState('');
  const words = useDeferredValue(search).trim();
  const shown = useFiles(folder, words);
  const draft = useSqlDraft(shown.files ?? []);
  const isOver = useDrop(readOnly ? null : (dropped) => uploads.add(dropped, folder), (names) => {
    const text = `Folders are not uploaded: ${names.join(', ')}. Drop the files in them.`;
    show({ kind: 'problem', about: 'folders', text });
  });
  return (
    <div className="split files" data-open={openId !== null || isAsking || undefined}>
      <FolderPane
        folder={folder}
        search={search}
        onSearch={setSearch}
        isFound={words !== ''}
        shown={shown}
        openId={openId}
      />
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
