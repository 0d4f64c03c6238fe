/**
 * /files/uploads: files of the lake in as many requests as it takes, by the tus protocol. What it says of
 * requests is looked after by @tus/server, what comes goes into the log.
 */
import type { IncomingMessage } from 'node:http';
import { ReadableStream } from 'node:stream/web';
import { Server } from '@tus/server';
import type { Plugin } from 'graphql-yoga';
import { parseUploadPath, uploadsPath } from '../../resolvers/index.ts';
import { encodingRefusal } from '../server/content-encoding.ts';
import type { Origins } from '../server/cors.ts';
import { requestLimits } from '../server/request-limits.ts';
import { type Answer, packed, plain } from './plain-answers.ts';
import { checksumAlgorithms } from './upload-checksum.ts';
import { UploadLocks } from './upload-locks.ts';
import { inWords, isTusRefusal } from './upload-refusals.ts';
import { tusExtensions, UploadStore } from './upload-store.ts';
import type { FileWriteTerms } from './use-file-writes.ts';
import { refusalOf, tooOften, written } from './written-files.ts';

export interface ResumableTerms extends FileWriteTerms {
  readonly origins: Origins;
  /** How large a piece with a checksum may be. */
  readonly bodyBytesMax: number;
}

/** Node's request, where it came over Node's server. */
type ServerContext = { readonly req?: IncomingMessage };

const version = '1.0.0';

const methods = ['POST', 'HEAD', 'PATCH', 'DELETE'];

/** What pages of other origins may read of answers. */
const exposedHeaders = [
  'Location',
  'Retry-After',
  'ETag',
  'X-Position',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Expires',
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Checksum-Algorithm',
].join(', ');

export function useResumableUploads(terms: ResumableTerms): Plugin {
  const locks = new UploadLocks();
  return {
    async onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      const id = parseUploadPath(url.pathname);
      const method = methodOf(request);
      if (id === null || !methods.includes(method)) return;
      const context = serverContext as ServerContext;
      const asked = { request, id, method, context };
      const { body, ...init } = await answer(terms, locks, asked).catch((error) =>
        refusalOf(error, (cause) => terms.maskError(cause, { req: context.req, request })),
      );
      const headers = new fetchAPI.Headers(init.headers);
      headers.set('tus-resumable', version);
      headers.set('cache-control', 'no-store');
      endResponse(new fetchAPI.Response(body, { ...init, headers }));
    },
    onResponse({ request, response }) {
      if (parseUploadPath(new URL(request.url, 'http://localhost').pathname) === null) return;
      const { headers } = response;
      if (headers.has('access-control-allow-origin')) {
        headers.set('access-control-expose-headers', exposedHeaders);
      }
      if (request.method !== 'OPTIONS') return;
      headers.set('tus-resumable', version);
      headers.set('tus-version', version);
      headers.set('tus-extension', tusExtensions.join(','));
      headers.set('tus-max-size', String(terms.uploadBytesMax));
      headers.set('tus-checksum-algorithm', checksumAlgorithms.join(','));
    },
  };
}

/** Some clients can send POST alone, and say what they mean. */
function methodOf({ method, headers }: Request): string {
  return (method === 'POST' && headers.get('x-http-method-override')?.toUpperCase()) || method;
}

interface Asked {
  readonly request: Request;
  /** Empty where an upload begins. */
  readonly id: string;
  readonly method: string;
  readonly context: ServerContext;
}

async function answer(terms: ResumableTerms, locks: UploadLocks, asked: Asked): Promise<Answer> {
  const { request, id, method, context } = asked;
  const { headers } = request;
  if (terms.origins.isForeign(request)) {
    return plain(
      403,
      `Uploads from ${headers.get('origin') ?? 'another site'} are not taken here.`,
    );
  }
  if (headers.get('tus-resumable') !== version) {
    const message = `The header Tus-Resumable must be ${version}, the version that is spoken here.`;
    return { ...plain(412, message), headers: { 'tus-version': version } };
  }
  const encoding = encodingRefusal(headers);
  if (encoding) return packed(encoding);
  if ((method === 'POST') !== (id === '')) return plain(404, 'There is no such upload.');
  const operation = await terms.operationOf(request, context);
  if (method === 'POST') {
    const retryAfter = terms.mutations.take(operation.view.viewer, context.req, 1);
    if (retryAfter > 0) return tooOften(retryAfter);
  }
  const store = new UploadStore({
    operation,
    metadata: headers.get('upload-metadata') ?? '',
    checksum: headers.get('upload-checksum'),
    checkedBytesMax: terms.bodyBytesMax,
  });
  let refused: Answer | null = null;
  const tus = new Server({
    path: uploadsPath,
    relativeLocation: true,
    datastore: store,
    locker: store.lockedBy(locks),
    lockDrainTimeout: requestLimits.uploadDrainMs,
    maxSize: terms.uploadBytesMax,
    allowedOrigins: [],
    getFileIdFromRequest: () => id,
    onUploadFinish: async (_request, upload) => {
      const { status, ...told } = written(await store.result(upload.id), operation);
      return method === 'POST' ? told : { ...told, status_code: status };
    },
    onResponseError: (_request, error) => {
      const cause = store.failure ?? error;
      if (isTusRefusal(cause)) return inWords(cause, terms.uploadBytesMax);
      // Whoever sent it is gone: nobody reads the answer.
      if (context.req?.readableAborted) return;
      const { request } = asked;
      refused = refusalOf(cause, (error) => terms.maskError(error, { req: context.req, request }));
      return { status_code: refused.status ?? 500, body: String(refused.body) };
    },
  });
  const response = await tus.handleWeb(webRequest(asked));
  const body = await response.text();
  return {
    status: response.status,
    headers: headersOf(response, (refused as Answer | null)?.headers),
    body: body === '' ? null : body,
  };
}

/** Which pages may read it, and what becomes of the connection, is said for all answers in one place. */
function headersOf(response: Response, more: HeadersInit | undefined): [string, string][] {
  const own = [...response.headers].filter(
    ([name]) => !/^(access-control-|connection$)/.test(name),
  );
  return [...own, ...new Headers(more)];
}

/** The request as the Fetch API of Node has it, its bytes read as they are asked for. */
function webRequest({ request, method, context: { req } }: Asked): Request {
  const hasBody = method === 'POST' || method === 'PATCH';
  const bytes = req ? ReadableStream.from(req.iterator({ destroyOnReturn: false })) : request.body;
  const init = {
    method,
    headers: [...request.headers],
    body: hasBody ? bytes : null,
    duplex: 'half',
  };
  return new globalThis.Request(request.url, init as RequestInit);
}
