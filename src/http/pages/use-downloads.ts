/** The bytes of files, revision by revision, at the URLs that `downloadUrl` gives. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Plugin } from 'graphql-yoga';
import { Unavailable } from '../../db/index.ts';
import {
  type DownloadSigner,
  findDownload,
  isSigned,
  type StoredFile,
  type View,
} from '../../resolvers/index.ts';
import { isHeld, isRangeWanted } from '../server/preconditions.ts';
import { unavailable } from '../server/retry-after.ts';
import { parseByteRange } from './byte-range.ts';

interface Answer extends ResponseInit {
  readonly body: BodyInit | null;
}

/** Node's response, where a request came over Node's server. */
type ServerContext = { readonly res?: ServerResponse };

export interface DownloadTerms {
  /** What whoever asks sees. @throws a GraphQLError UNAUTHENTICATED where that is not known. */
  readonly viewOf: (request: Request, serverContext: object) => Promise<View>;
  /** What whoever signed a URL sees: everything, and the signature names what of it. */
  readonly signedView: View;
  /** Null where everybody may have everything. */
  readonly signer: DownloadSigner | null;
  /** What a client may see of an error; Yoga masks only those of GraphQL. */
  readonly maskError: (error: unknown) => Error;
}

export function useDownloads(terms: DownloadTerms): Plugin {
  const { signer, maskError } = terms;
  const seenBy = async (
    request: Request,
    url: URL,
    serverContext: object,
  ): Promise<Seen | null> => {
    if (!signer || !isSigned(url)) {
      const view = await terms.viewOf(request, serverContext);
      return { view, keeping: signer ? forThem : forAll };
    }
    const seconds = signer.secondsLeft(url);
    if (seconds === 0) return null;
    return { view: terms.signedView, keeping: `private, max-age=${seconds}, immutable` };
  };
  return {
    async onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      if (!url.pathname.startsWith('/files/')) return;
      // The headers are gone when the bytes fail: a broken connection is all that can tell of it.
      const breakOff = (error: unknown) => {
        maskError(error);
        (serverContext as ServerContext).res?.destroy();
      };
      const found = seenBy(request, url, serverContext).then((seen) =>
        seen ? answer(seen, request, url.pathname, breakOff) : refused,
      );
      const { body, ...init } = await found.catch((error) => ({
        body: `${maskError(error).message}\n`,
        ...(error instanceof Unavailable ? unavailable : { status: 500 }),
      }));
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

/** What is seen, and what caches are told of it. */
interface Seen {
  readonly view: View;
  readonly keeping: string;
}

const forAll = 'public, max-age=31536000, immutable';
const forThem = 'private, max-age=31536000, immutable';

const refused: Answer = {
  body: 'The signature of this URL is wrong, or too old. Ask for the downloadUrl again.\n',
  status: 403,
};

async function answer(
  { view, keeping }: Seen,
  request: Request,
  pathname: string,
  onFailure: (error: unknown) => void,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD' };
    return { body: 'Files can only be read here.\n', status: 405, headers };
  }
  const stored = await findDownload(view, pathname);
  if (!stored) return { body: 'There is no such file or revision.\n', status: 404 };
  const headers = headersOf(stored, keeping);
  if (isHeld(request.headers.get('if-none-match'), headers.etag)) {
    return { body: null, status: 304, headers };
  }
  if (request.method === 'HEAD') return { body: null, headers };
  const { version, sha256, size } = stored;
  const isPartWanted = isRangeWanted(request.headers.get('if-range'), headers.etag);
  const range = isPartWanted ? parseByteRange(request.headers.get('range'), size) : null;
  if (range === 'unsatisfiable') {
    return { body: null, status: 416, headers: { 'content-range': `bytes */${size}` } };
  }
  const contents = view.contents(version, sha256, range ?? undefined);
  const body = Readable.from(contents).on('error', onFailure) as unknown as BodyInit;
  if (range === null) return { body, headers };
  const part = {
    ...headers,
    'content-length': String(range.last - range.first + 1),
    'content-range': `bytes ${range.first}-${range.last}/${size}`,
  };
  return { body, status: 206, headers: part };
}

/** A revision's bytes never change. They are never shown as a page: they may be anybody's HTML. */
function headersOf({ size, sha256, filename }: StoredFile, keeping: string) {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    'accept-ranges': 'bytes',
    'content-disposition': `attachment; filename*=UTF-8''${extendedValue(filename)}`,
    'cache-control': keeping,
    etag: `"${sha256}"`,
  };
}

/** As RFC 8187 has it: of what encodeURIComponent leaves, these would end or break the value. */
function extendedValue(text: string): string {
  const percent = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/['()*]/g, percent);
}
