/** A revision as text, shortly. */
import { useEffect, useState } from 'react';
import type { FileVersion } from '../graphql/files.ts';
import { bytes } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { type Contents, readContents } from './contents.ts';
import { TableBox } from './table-view.tsx';

/** Longer texts are shown by their beginning. */
const signsShown = 20_000;

export function TextView({ id, version }: { readonly id: string; readonly version: FileVersion }) {
  const [contents, setContents] = useState<Contents | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the id of a version is all of it
  useEffect(() => {
    let current = true;
    readContents(id, version).then(
      (read) => current && setContents(read),
      (error: Error) => current && setProblem(error.message),
    );
    return () => {
      current = false;
    };
  }, [id, version.id]);
  if (problem) return <Notice kind="problem">The contents could not be read: {problem}</Notice>;
  if (!contents) return <div className="waiting">Reading the contents…</div>;
  if (contents.kind === 'bytes') {
    return <Notice>These {bytes(version.size)} are not text. They can be downloaded.</Notice>;
  }
  const { text, whole } = contents;
  return (
    <>
      <TableBox name={`Text of ${version.filename}`}>
        <pre>{text.slice(0, signsShown)}</pre>
      </TableBox>
      {(!whole || text.length > signsShown) && (
        <p className="preview-note">Only the beginning. The download has it all.</p>
      )}
    </>
  );
}
