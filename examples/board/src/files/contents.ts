/** The contents of a revision, or their beginning. They never change. */
import { past } from '../client.ts';
import { type FileVersion, textQuery } from '../graphql/files.ts';
import { fetchAsViewer } from '../identity/sign-in.ts';

export type Contents =
  | { readonly kind: 'text'; readonly text: string; readonly whole: boolean }
  | { readonly kind: 'bytes' };

/** Larger files are shown by their beginning. */
const textBytesMax = 1_048_576;
const beginningBytes = 65_536;

/**
 * Reads a revision as text.
 * @throws Error when the server does not answer.
 */
export async function readContents(id: string, version: FileVersion): Promise<Contents> {
  if (version.size > textBytesMax) return await readBeginning(version);
  const asOf = { position: version.position };
  const variables = { id, asOf, maxBytes: textBytesMax };
  const { data, error } = await past.query(textQuery, variables).toPromise();
  if (error) throw error;
  const text = data?.lakeFile?.text ?? null;
  return text === null ? { kind: 'bytes' } : { kind: 'text', text, whole: true };
}

async function readBeginning({ downloadUrl }: FileVersion): Promise<Contents> {
  const range = `bytes=0-${beginningBytes - 1}`;
  const response = await fetchAsViewer(downloadUrl, { headers: { range } });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const bytes = await response.arrayBuffer();
  try {
    // As a stream that goes on: a letter that the end cuts in two is no mistake.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    if (text.includes('\0')) return { kind: 'bytes' };
    return { kind: 'text', text: text.slice(0, text.lastIndexOf('\n') + 1) || text, whole: false };
  } catch {
    return { kind: 'bytes' };
  }
}
