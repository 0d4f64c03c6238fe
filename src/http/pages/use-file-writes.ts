/** PUT /files/by-path/<folder…>/<filename>: a file’s bytes as they are, from any HTTP client. */
import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import { Forbidden, InvalidInput, Problem } from '../../db/index.ts';
import {
  downloadUrl,
  folderPath,
  type LakePath,
  type Operation,
  ofLakeFile,
  type Precondition,
  PreconditionFailed,
  type PutResult,
  parseFilePath,
  putFile,
  TooManyBytes,
} from '../../resolvers/index.ts';
import { isHeld, matchesTag } from '../server/preconditions.ts';
import { type Answer, failure, plain } from './plain-answers.ts';

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
          : refusalOf(error, terms.maskError),
      );
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

async function answer(
  { operationOf, uploadBytesMax }: FileWriteTerms,
  request: Request,
  url: URL,
  serverContext: ServerContext,
): Promise<Answer> {
  const where = lakePathOf(url);
  if (!where) return plain(400, 'The path must be made of names in UTF-8, percent-encoded.');
  if (request.headers.has('content-range')) {
    return plain(400, 'A file is written whole: Content-Range is not taken.');
  }
  const length = request.headers.get('content-length');
  if (length !== null && Number(length) > uploadBytesMax) {
    return plain(
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
  const { id, revision, values } = version;
  const stored = ofLakeFile(version);
  const downloadPath = stored && downloadUrl(stored, operation);
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
  if (error instanceof PreconditionFailed) return plain(412, error.message);
  // The rest of the body is not read, so the connection cannot serve another request.
  if (error instanceof TooManyBytes)
    return { ...plain(413, error.message), headers: { connection: 'close' } };
  if (error instanceof InvalidInput) return plain(400, error.message);
  if (error instanceof Problem) return plain(409, error.message);
  if (error instanceof Forbidden) return plain(403, error.message);
  return failure(error, maskError);
}
