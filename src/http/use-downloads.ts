/** The bytes of files, revision by revision, at the URLs that `downloadUrl` gives. */
import type { Plugin } from 'graphql-yoga';
import type { Store } from '../db/index.ts';
import { findDownload, type LakeFileVersion } from '../resolvers/index.ts';

export function useDownloads(store: Store): Plugin {
  return {
    async onRequest({ request, url, endResponse, fetchAPI }) {
      if (!url.pathname.startsWith('/files/')) return;
      const respond = (body: BodyInit | null, init: ResponseInit) =>
        endResponse(new fetchAPI.Response(body, init));
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return respond('Files can only be read here.\n', {
          status: 405,
          headers: { allow: 'GET, HEAD' },
        });
      }
      const version = await findDownload(store, url.pathname);
      if (!version) return respond('There is no such file or revision.\n', { status: 404 });
      const headers = headersOf(version);
      if (request.headers.get('if-none-match') === headers.etag) {
        return respond(null, { status: 304, headers });
      }
      const body = request.method === 'HEAD' ? null : bytesOf(store, version);
      respond(body, { headers });
    },
  };
}

/** A revision's bytes never change. They are never shown as a page: they may be anybody's HTML. */
function headersOf({ values }: LakeFileVersion) {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(values.size),
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(values.filename)}`,
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    etag: `"${values.sha256}"`,
  };
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
