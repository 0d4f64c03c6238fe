/** Sends one file to its place in the lake. */
import { urlOfFile } from '../files/folders.ts';
import { fetchAsViewer } from '../identity/sign-in.ts';

/** What is to be there before: nothing, or a file of that SHA-256 and nothing else. */
type Expected = { readonly sha256: string } | null;

interface Sending {
  readonly file: File;
  /** Null is the root. */
  readonly folder: string | null;
  /** Whose it is; null is nobody's in particular. */
  readonly userId: string | null;
  readonly expected: Expected;
  readonly signal: AbortSignal;
  /** Told from 0 to the file's size. */
  readonly onSent: (bytes: number) => void;
}

export type Sent =
  | {
      readonly kind: 'kept';
      readonly id: string;
      readonly revision: number;
      readonly sha256: string;
    }
  /** What is there is something else than was expected. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  /** The connection broke: the file is there whole, or not at all. */
  | { readonly kind: 'lost' };

/** @throws an AbortError when the signal says so. */
export async function sendFile(sending: Sending): Promise<Sent> {
  const { file, folder, userId, expected, signal, onSent } = sending;
  const headers = expected ? { 'if-match': `"${expected.sha256}"` } : { 'if-none-match': '*' };
  const init = { method: 'PUT', headers, body: file, signal };
  let response: Response;
  try {
    response = await fetchAsViewer(
      urlOfFile(folder, file.name, { userId }),
      init,
      sendTelling(onSent),
    );
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: 'lost' };
  }
  if (response.ok) {
    const { id, revision, sha256 } = await response.json();
    return { kind: 'kept', id, revision, sha256 };
  }
  if (response.status === 412) return { kind: 'taken' };
  const why = (await response.text()).trim();
  return { kind: 'refused', why: why || `The server answered ${response.status}.` };
}

/** As fetch, which does not tell how much was sent. */
function sendTelling(onSent: (bytes: number) => void): typeof fetch {
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      const { signal } = init;
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', abort);
      request.open(init.method ?? 'GET', String(url));
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded }) => onSent(loaded);
      request.onabort = () => reject(signal?.reason);
      request.onerror = () => reject(new Error('The connection broke.'));
      request.onload = () => {
        const { status, responseText } = request;
        resolve(new Response(responseText, { status }));
      };
      request.onloadend = () => signal?.removeEventListener('abort', abort);
      request.send(init.body as File);
    });
}
