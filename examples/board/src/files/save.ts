/**
 * Saves the contents of a revision as a file. A link carries no token: where one is needed, they are
 * fetched with it first.
 */
import { fetchAsViewer } from '../identity/sign-in.ts';

/** How long the browser may take to begin with what it is handed. */
const takenMsMax = 60_000;

/** @throws Error when the server does not answer. */
export async function saveContents(url: string, filename: string): Promise<void> {
  const response = await fetchAsViewer(url);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const href = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement('a'), { href, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(href), takenMsMax);
}
