/** Takes operations with files, as multipart forms. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Plugin } from 'graphql-yoga';
import { FileUpload, type Operation, receive, TooManyBytes } from '../../resolvers/index.ts';
import type { Origins } from '../server/cors.ts';
import { parseMediaType } from '../server/media-types.ts';
import { refusal } from './errors.ts';
import { refusePackedBody } from './json-body.ts';
import { MultipartBody } from './multipart-body.ts';

export interface MultipartTerms {
  readonly operationOf: (request: Request, serverContext: object) => Promise<Operation>;
  readonly origins: Origins;
  /** How large the operation without its files may be … */
  readonly bodyBytesMax: number;
  /** … and how large each file. */
  readonly uploadBytesMax: number;
}

/** Whether a request is a form with files. */
export function isMultipart({ method, headers }: Request): boolean {
  const type = parseMediaType(headers.get('content-type') ?? '')?.type;
  return method === 'POST' && type === 'multipart/form-data';
}

type ServerContext = { readonly req?: IncomingMessage };

export function useMultipart(terms: MultipartTerms): Plugin {
  /** What came with requests that are not answered yet. */
  const received = new WeakMap<Request, { operation: Operation; uploads: string[] }>();
  const discard = async (request: Request) => {
    const { operation, uploads } = received.get(request) ?? { operation: null, uploads: [] };
    received.delete(request);
    // One that a write has kept is none any more.
    for (const upload of uploads) await operation?.view.discardUpload(upload);
  };
  const read = async (request: Request, serverContext: ServerContext) => {
    refuseForeignForm(request, terms.origins);
    refusePackedBody(request.headers);
    const operation = await terms.operationOf(request, serverContext);
    const uploads: string[] = [];
    received.set(request, { operation, uploads });
    const body = new MultipartBody(async (bytes) => {
      const uploaded = await receive(bytes, terms.uploadBytesMax, operation.view);
      uploads.push(uploaded.upload);
      return new FileUpload(uploaded);
    }, terms.bodyBytesMax);
    try {
      const headers = { 'content-type': request.headers.get('content-type') ?? '' };
      return await body.read(headers, serverContext.req ?? Readable.fromWeb(request.body as never));
    } catch (error) {
      await discard(request);
      if (!(error instanceof TooManyBytes)) throw error;
      throw refusal('BODY_TOO_LARGE', 413, `${error.message.slice(0, -1)} (uploadBytesMax).`);
    }
  };
  return {
    onRequestParse({ request, serverContext, setRequestParser }) {
      if (isMultipart(request)) {
        setRequestParser(() => read(request, serverContext as ServerContext));
      }
    },
    async onResponse({ request }) {
      await discard(request);
    },
  };
}

/**
 * Any page may send a form to a server that it cannot read, without asking first: browsers say from
 * which one it comes.
 */
function refuseForeignForm(request: Request, origins: Origins): void {
  if (!origins.isForeign(request)) return;
  const from = request.headers.get('origin') ?? 'another site';
  throw refusal('FORBIDDEN', 403, `Forms from ${from} are not taken here.`);
}
