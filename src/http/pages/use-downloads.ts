/** The bytes of files at /files: by record, at any revision or position, and by folder and name. */
import type { ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import { type DownloadSigner, isSigned, parseFilePath, type View } from '../../resolvers/index.ts';
import type { MaskError } from '../server/request-mark.ts';
import { type Asking, answerDownload } from './download-answers.ts';
import { failure, plain } from './plain-answers.ts';

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
  readonly maskError: MaskError;
}

export function useDownloads(terms: DownloadTerms): Plugin {
  const { maskError } = terms;
  return {
    async onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      if (!url.pathname.startsWith('/files/')) return;
      const mask = (error: unknown) => maskError(error, { ...serverContext, request });
      // The headers are gone when the bytes fail: a broken connection is all that can tell of it.
      const breakOff = (error: unknown) => {
        mask(error);
        (serverContext as ServerContext).res?.destroy();
      };
      const found = seenBy(terms, request, url, serverContext).then((seen) =>
        seen ? answerDownload({ ...seen, request, url, onFailure: breakOff }) : refused,
      );
      const { body, ...init } = await found.catch((error) => failure(error, mask));
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

const refused = plain(
  403,
  'The signature of this URL is wrong, or too old. Ask for the downloadUrl again.',
);

/** @returns null where a signature is wrong or too old. */
async function seenBy(
  { viewOf, signedView, signer }: DownloadTerms,
  request: Request,
  url: URL,
  serverContext: object,
): Promise<Pick<Asking, 'view' | 'keeping'> | null> {
  if (!signer || !isSigned(url)) {
    const view = await viewOf(request, serverContext);
    return { view, keeping: signer ? forThem : forAll };
  }
  const seconds = signer.secondsLeft(url);
  if (seconds === 0 || !namesRevision(url)) return null;
  return { view: signedView, keeping: { always: `private, max-age=${seconds}, immutable` } };
}

/** Signed is what never changes: whoever has the URL sees that, and nothing that comes later. */
function namesRevision({ pathname }: URL): boolean {
  const path = parseFilePath(pathname);
  return path?.kind === 'record' && path.revision !== null;
}

const forAll = { always: 'public, max-age=31536000, immutable', now: 'public, no-cache' };
const forThem = { always: 'private, max-age=31536000, immutable', now: 'private, no-cache' };
