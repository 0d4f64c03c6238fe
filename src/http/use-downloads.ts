/** The bytes of files, revision by revision, at the URLs that `downloadUrl` gives. */
import type { Plugin } from 'graphql-yoga';
import { type Store, Unavailable } from '../db/index.ts';
import { findDownload, type LakeFileVersion } from '../resolvers/index.ts';

interface Answer extends ResponseInit {
  readonly body: BodyInit | null;
}

/** @param maskError what a client may see of an error; Yoga masks only those of GraphQL. */
export function useDownloads(store: Store, maskError: (error: unknown) => Error): Plugin {
  return {
    async onRequest({ request, url, endResponse, fetchAPI }) {
      if (!url.pathname.startsWith('/files/')) return;
      const { body, ...init } = await answer(store, request, url.pathname).catch((error) => ({
        body: `${maskError(error).message}\n`,
        status: error instanceof Unavailable ? 503 : 500,
      }));
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

async function answer(store: Store, request: Request, pathname: string): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD' };
    return { body: 'Files can only be read here.\n', status: 405, headers };
  }
  const version = await findDownload(store, pathname);
  if (!version) return { body: 'There is no such file or revision.\n', status: 404 };
  const headers = headersOf(version);
  if (request.headers.get('if-none-match') === headers.etag) {
    return { body: null, status: 304, headers };
  }
  return { body: request.method === 'HEAD' ? null : bytesOf(store, version), headers };
}

/** A revision's bytes never change. They are never shown as a page: they may be anybody's HTML. */
function headersOf({ values }: LakeFileVersion) {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(values.size),
    'content-disposition': `attachment; filename*=UTF-8''${extendedValue(values.filename)}`,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    etag: `"${values.sha256}"`,
  };
}

/** As RFC 8187 has it: of what encodeURIComponent leaves, these would end or break the value. */
function extendedValue(text: string): string {
  const percent = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/['()*]/g, percent);
}

function bytesOf(store: Store, { values }: LakeFileVersion): ReadableStream<Uint8Array> {
  const chunks = store.contents(values.sha256);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void chunks.return(),
  });
}
