/** A look into a revision of a file: an image, a table, or text. */
import { useEffect, useMemo, useState } from 'react';
import type { FileVersion } from '../graphql/files.ts';
import { bytes, count } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { type Contents, readContents } from './contents.ts';
import { type Table, tableOf } from './table.ts';
import './preview.css';

interface Props {
  readonly id: string;
  readonly version: FileVersion;
}

/** Longer texts are shown by their beginning. */
const signsShown = 20_000;

export function Preview({ id, version }: Props) {
  const [contents, setContents] = useState<Contents | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [asText, setAsText] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the id of a version is all of it
  useEffect(() => {
    let current = true;
    let url: string | null = null;
    readContents(id, version).then(
      (read) => {
        if (read.kind === 'image') url = read.url;
        if (current) setContents(read);
        else if (url) URL.revokeObjectURL(url);
      },
      (error: Error) => {
        if (current) setProblem(error.message);
      },
    );
    return () => {
      current = false;
      if (url) URL.revokeObjectURL(url);
    };
  }, [id, version.id]);
  const table = useMemo(
    () =>
      contents?.kind === 'text' ? tableOf(contents.text, version.filetype, contents.whole) : null,
    [contents, version.filetype],
  );
  return (
    <section className="preview" aria-labelledby="preview-title">
      <header>
        <h3 id="preview-title">
          Contents <span className="badge">revision {version.revision}</span>
        </h3>
        {table && (
          <fieldset className="switch">
            <legend className="unseen">Shown as</legend>
            {['table', 'text'].map((form) => (
              <label key={form}>
                <input
                  type="radio"
                  name="form"
                  className="cover"
                  checked={asText === (form === 'text')}
                  onChange={() => setAsText(form === 'text')}
                />
                <span>{form}</span>
              </label>
            ))}
          </fieldset>
        )}
      </header>
      {problem && <Notice kind="problem">The contents could not be read: {problem}</Notice>}
      {!contents && !problem && <div className="waiting">Reading the contents…</div>}
      {contents?.kind === 'bytes' && (
        <Notice>These {bytes(version.size)} are not text. They can be downloaded.</Notice>
      )}
      {contents?.kind === 'image' && (
        <div className="preview-image">
          <img src={contents.url} alt={`Contents of ${version.filename}`} />
        </div>
      )}
      {contents?.kind === 'text' &&
        (table && !asText ? (
          <TableView table={table} name={version.filename} />
        ) : (
          <TextView {...contents} name={version.filename} />
        ))}
    </section>
  );
}

function TableView({ table, name }: { readonly table: Table; readonly name: string }) {
  const { columns, rows, total } = table;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keyboard */}
      <section className="preview-box" tabIndex={0} aria-label={`Rows of ${name}`}>
        <table>
          <thead>
            <tr>
              {columns.map((column, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name, and stay
                <th key={index} scope="col">
                  {column || <span className="unseen">without a name</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name, and stay
              <tr key={index}>
                {columns.map((_, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as the columns
                  <td key={column}>{row[column]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="preview-note">
        {total === null
          ? `The first ${count(rows.length)} rows.`
          : rows.length < total
            ? `The first ${count(rows.length)} of ${count(total)} rows.`
            : `${count(total)} rows.`}
      </p>
    </>
  );
}

interface TextProps {
  readonly text: string;
  readonly whole: boolean;
  readonly name: string;
}

function TextView({ text, whole, name }: TextProps) {
  const isCut = !whole || text.length > signsShown;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keyboard */}
      <section className="preview-box" tabIndex={0} aria-label={`Text of ${name}`}>
        <pre>{text.slice(0, signsShown)}</pre>
      </section>
      {isCut && <p className="preview-note">Only the beginning. The download has it all.</p>}
    </>
  );
}
