/** PUT /files/by-path/<folder…>/<filename>: a file’s bytes as they are, from any HTTP client. */
import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import {
  folderPath,
  type LakePath,
  type Operation,
  parseFilePath,
  putFile,
} from '../../resolvers/index.ts';
import type { ClientRate } from '../server/client-rate.ts';
import { encodingRefusal } from '../server/content-encoding.ts';
import { announcedSha256 } from '../server/digest-fields.ts';
import type { MaskError } from '../server/request-mark.ts';
import { type Answer, packed, plain } from './plain-answers.ts';
import { preconditionOf, refusalOf, tooOften, written } from './written-files.ts';

export interface FileWriteTerms {
  /** @throws a GraphQLError UNAUTHENTICATED where it is not known who asks. */
  readonly operationOf: (request: Request, serverContext: object) => Promise<Operation>;
  /** How often a client may write. */
  readonly mutations: ClientRate;
  /** How many bytes a file may have. */
  readonly uploadBytesMax: number;
  /** What a client may see of an error. */
  readonly maskError: MaskError;
}

/** Node's request, where it came over Node's server: its bytes come quicker than a Request's. */
type ServerContext = { readonly req?: IncomingMessage };

export function useFileWrites(terms: FileWriteTerms): Plugin {
  return {
    async onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      if (request.method !== 'PUT' || !url.pathname.startsWith(folderPath(null))) return;
      const { req } = serverContext as ServerContext;
      const answered = answer(terms, request, url, serverContext as ServerContext);
      const { body, ...init } = await answered.catch((error) =>
        // Whoever sent it is gone: nobody reads the answer.
        req?.readableAborted
          ? plain(400, 'The body did not arrive whole.')
          : refusalOf(error, (cause) => terms.maskError(cause, { req, request })),
      );
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

const malformedDigest =
  'Repr-Digest or Content-Digest must be sha-256=:…:, one digest of 32 bytes as Base64.';

async function answer(
  { operationOf, mutations, uploadBytesMax }: FileWriteTerms,
  request: Request,
  url: URL,
  serverContext: ServerContext,
): Promise<Answer> {
  const where = lakePathOf(url);
  if (!where) return plain(400, 'The path must be made of names in UTF-8, percent-encoded.');
  const { headers } = request;
  if (headers.has('content-range')) {
    return plain(400, 'A file is written whole: Content-Range is not taken.');
  }
  const encoding = encodingRefusal(headers);
  if (encoding) return packed(encoding);
  const sha256 = announcedSha256(headers);
  if (sha256 === 'malformed') return plain(400, malformedDigest);
  const length = headers.get('content-length');
  if (length !== null && Number(length) > uploadBytesMax) {
    return plain(
      413,
      `A file may have at most ${uploadBytesMax} bytes, but ${length} were announced.`,
    );
  }
  const { req } = serverContext;
  const operation = await operationOf(request, serverContext);
  const retryAfter = mutations.take(operation.view.viewer, req, 1);
  if (retryAfter > 0) return tooOften(retryAfter);
  const precondition = preconditionOf(headers.get('if-match'), headers.get('if-none-match'));
  // Whoever sends too much is answered: their connection must outlast their bytes.
  const bytes = req?.iterator({ destroyOnReturn: false }) ?? request.body ?? [];
  const body = {
    bytes: bytes as AsyncIterable<Uint8Array>,
    bytesMax: uploadBytesMax,
    // Others send all of them before they read an answer, and some meet a closed connection instead.
    asksFirst: headers.get('expect')?.toLowerCase() === '100-continue',
    sha256,
  };
  const result = await putFile({ where, precondition }, body, operation);
  return written(result, operation);
}

/** The file that a path names; null for what names none. */
function lakePathOf({ pathname, searchParams }: URL): LakePath | null {
  const path = parseFilePath(pathname);
  if (path?.kind !== 'place') return null;
  return { filename: path.filename, path: path.folder, userId: searchParams.get('user') };
}
