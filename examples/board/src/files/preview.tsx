/** A look into a revision of a file: an image, a table, or text; and what rows two revisions differ in. */
import { useState } from 'react';
import type { FileVersion } from '../graphql/files.ts';
import { tableQuery } from '../graphql/tables.ts';
import { bytes } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { Compare } from './compare.tsx';
import { isImage, isJson, isTable } from './file-kinds.ts';
import { Pages, TableView } from './table-view.tsx';
import { TextView } from './text-view.tsx';
import { useAsked } from './use-asked.ts';
import './preview.css';

interface Props {
  readonly id: string;
  readonly version: FileVersion;
  /** All that are known, the newest first. */
  readonly versions: readonly FileVersion[];
}

const forms = ['table', 'text', 'changes'] as const;
type Form = (typeof forms)[number];

const pageSize = 50;

export function Preview({ id, version, versions }: Props) {
  const [chosen, setChosen] = useState<Form | null>(null);
  const [offset, setOffset] = useState(0);
  const isAsked = isTable(version);
  const asOf = { position: version.position };
  const { data, isAsking, problem } = useAsked(
    tableQuery,
    isAsked ? { id, asOf, first: pageSize, offset } : null,
  );
  const table = data?.lakeFile?.table ?? null;
  // A document is one row, and says more as text.
  const isDocument = isJson(version) && table?.totalRows === 1;
  const form = table ? (chosen ?? (isDocument ? 'text' : 'table')) : 'text';
  const others = versions.filter(({ sha256 }) => sha256 !== version.sha256).length;
  return (
    <section className="preview" aria-labelledby="preview-title">
      <header>
        <h3 id="preview-title">
          Contents <span className="badge">revision {version.revision}</span>
        </h3>
        {table && (
          <fieldset className="switch">
            <legend className="unseen">Shown as</legend>
            {forms.slice(0, others > 0 ? 3 : 2).map((it) => (
              <label key={it}>
                <input
                  type="radio"
                  name="form"
                  className="cover"
                  checked={form === it}
                  onChange={() => setChosen(it)}
                />
                <span>{it}</span>
              </label>
            ))}
          </fieldset>
        )}
      </header>
      {problem && <Notice kind="problem">It could not be read as a table: {problem}</Notice>}
      {isAsking && !table && <div className="waiting">Reading the rows…</div>}
      {isImage(version) && <Picture version={version} />}
      {table && form === 'table' && (
        <>
          <TableView name={`Rows of ${version.filename}`} {...table} />
          <Pages offset={offset} pageSize={pageSize} total={table.totalRows} onTurn={setOffset} />
        </>
      )}
      {table && form === 'changes' && (
        <Compare id={id} version={version} versions={versions} columns={table.columns} />
      )}
      {form === 'text' && !isImage(version) && (table || !isAsking) && (
        <TextView id={id} version={version} />
      )}
    </section>
  );
}

/** A file's URL opens without a token; what browsers show of it can load and run nothing. */
function Picture({ version }: { readonly version: FileVersion }) {
  const { downloadUrl, filename, size } = version;
  const [hasFailed, setHasFailed] = useState(false);
  if (hasFailed) {
    return (
      <Notice>These {bytes(size)} could not be shown as a picture. They can be downloaded.</Notice>
    );
  }
  return (
    <div className="preview-image">
      <img
        src={`${downloadUrl}${downloadUrl.includes('?') ? '&' : '?'}inline`}
        alt={`Contents of ${filename}`}
        onError={() => setHasFailed(true)}
      />
    </div>
  );
}
