/** PUT /files/by-path/<folder…>/<filename>: a file’s bytes as they are, from any HTTP client. */
import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import { Forbidden, InvalidInput, Problem, Unavailable } from '../../db/index.ts';
import {
  downloadUrl,
  type LakePath,
  type Operation,
  type Precondition,
  PreconditionFailed,
  type PutResult,
  parseFilePath,
  putFile,
  storedFile,
  TooManyBytes,
} from '../../resolvers/index.ts';
import { isHeld, matchesTag } from '../server/preconditions.ts';
import { unavailable } from '../server/retry-after.ts';

export interface FileWriteTerms {
  /** @throws a GraphQLError UNAUTHENTICATED where it is not known who asks. */
  readonly operationOf: (request: Request, serverContext: object) => Promise<Operation>;
  /** How many bytes a file may have. */
  readonly uploadBytesMax: number;
  /** What a client may see of an error. */
  readonly maskError: (error: unknown) => Error;
}

/** Node's request, where it came over Node's server: its bytes come quicker than a Request's. */
type ServerContext = { readonly req?: IncomingMessage };

const prefix = '/files/by-path/';

export function useFileWrites(terms: FileWriteTerms): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      if (request.method !== 'PUT' || !url.pathname.startsWith(prefix)) return;
      const answered = answer(terms, request, url, serverContext as ServerContext);
      const { req } = serverContext as ServerContext;
      const found = answered.catch((error) =>
        // Whoever sent it is gone: nobody reads the answer.
        req?.readableAborted
          ? text(400, 'The body did not arrive whole.')
          : refusalOf(error, terms.maskError),
      );
      return found.then(({ body, ...init }) => endResponse(new fetchAPI.Response(body, init)));
    },
  };
}

interface Answer extends ResponseInit {
  readonly body: string | null;
}

async function answer(
  { operationOf, uploadBytesMax }: FileWriteTerms,
  request: Request,
  url: URL,
  serverContext: ServerContext,
): Promise<Answer> {
  const where = lakePathOf(url);
  if (!where) return text(400, 'The path must be made of names in UTF-8, percent-encoded.');
  if (request.headers.has('content-range')) {
    return text(400, 'A file is written whole: Content-Range is not taken.');
  }
  const length = request.headers.get('content-length');
  if (length !== null && Number(length) > uploadBytesMax) {
    return text(
      413,
      `A file may have at most ${uploadBytesMax} bytes, but ${length} were announced.`,
    );
  }
  const operation = await operationOf(request, serverContext);
  // Whoever sends too much is answered: their connection must outlast their bytes.
  const bytes = serverContext.req?.iterator({ destroyOnReturn: false }) ?? request.body ?? [];
  const result = await putFile(
    where,
    bytes as AsyncIterable<Uint8Array>,
    preconditionOf(request.headers),
    uploadBytesMax,
    operation,
  );
  return { ...written(result, operation), status: result.isNew ? 201 : 200 };
}

/** The file that a path names; null for what names none. */
function lakePathOf({ pathname, searchParams }: URL): LakePath | null {
  const path = parseFilePath(pathname);
  if (path?.kind !== 'place') return null;
  return { filename: path.filename, path: path.folder, userId: searchParams.get('user') };
}

/** RFC 9110, section 13: a star stands for any file there is. */
function preconditionOf(headers: Headers): Precondition {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  return (sha256) => {
    if (sha256 === null) return ifMatch === null;
    const etag = `"${sha256}"`;
    return (ifMatch === null || matchesTag(ifMatch, etag)) && !isHeld(ifNoneMatch, etag);
  };
}

function written({ version }: PutResult, operation: Operation): Answer {
  const { id, revision, values, entity } = version;
  const [file] = entity.files;
  const stored = file && storedFile(version, file);
  const downloadPath = stored ? downloadUrl(stored, operation) : null;
  const { size, sha256 } = values;
  return {
    body: `${JSON.stringify({ id, revision, size, sha256, downloadUrl: downloadPath })}\n`,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      etag: `"${sha256}"`,
      ...(operation.position !== null && { 'x-position': String(operation.position) }),
    },
  };
}

function refusalOf(error: unknown, maskError: (error: unknown) => Error): Answer {
  if (error instanceof PreconditionFailed) return text(412, error.message);
  if (error instanceof TooManyBytes) {
    // The rest of the body is not read, so the connection cannot serve another request.
    const { headers, ...refusal } = text(413, error.message);
    return { ...refusal, headers: { ...headers, connection: 'close' } };
  }
  if (error instanceof InvalidInput) return text(400, error.message);
  if (error instanceof Problem) return text(409, error.message);
  if (error instanceof Forbidden) return text(403, error.message);
  const { message } = maskError(error);
  if (error instanceof Unavailable) return { body: `${message}\n`, ...unavailable };
  return text(500, message);
}

function text(status: number, message: string): Answer & { headers: Record<string, string> } {
  return { body: `${message}\n`, status, headers: { 'content-type': 'text/plain; charset=utf-8' } };
}
