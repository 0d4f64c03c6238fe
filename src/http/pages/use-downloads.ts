/** The bytes of files, revision by revision, at the URLs that `downloadUrl` gives. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Plugin } from 'graphql-yoga';
import { type Store, Unavailable } from '../../db/index.ts';
import { findDownload, type LakeFileVersion } from '../../resolvers/index.ts';
import { isHeld, isRangeWanted } from '../server/preconditions.ts';
import { unavailable } from '../server/retry-after.ts';
import { parseByteRange } from './byte-range.ts';

interface Answer extends ResponseInit {
  readonly body: BodyInit | null;
}

/** Node's response, where a request came over Node's server. */
type ServerContext = { readonly res?: ServerResponse };

/** @param maskError what a client may see of an error; Yoga masks only those of GraphQL. */
export function useDownloads(store: Store, maskError: (error: unknown) => Error): Plugin {
  return {
    async onRequest({ request, url, endResponse, fetchAPI, serverContext }) {
      if (!url.pathname.startsWith('/files/')) return;
      // The headers are gone when the bytes fail: a broken connection is all that can tell of it.
      const breakOff = (error: unknown) => {
        maskError(error);
        (serverContext as ServerContext).res?.destroy();
      };
      const found = answer(store, request, url.pathname, breakOff);
      const { body, ...init } = await found.catch((error) => ({
        body: `${maskError(error).message}\n`,
        ...(error instanceof Unavailable ? unavailable : { status: 500 }),
      }));
      endResponse(new fetchAPI.Response(body, init));
    },
  };
}

async function answer(
  store: Store,
  request: Request,
  pathname: string,
  onFailure: (error: unknown) => void,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD' };
    return { body: 'Files can only be read here.\n', status: 405, headers };
  }
  const version = await findDownload(store, pathname);
  if (!version) return { body: 'There is no such file or revision.\n', status: 404 };
  const headers = headersOf(version);
  if (isHeld(request.headers.get('if-none-match'), headers.etag)) {
    return { body: null, status: 304, headers };
  }
  if (request.method === 'HEAD') return { body: null, headers };
  const { sha256, size } = version.values;
  const isPartWanted = isRangeWanted(request.headers.get('if-range'), headers.etag);
  const range = isPartWanted ? parseByteRange(request.headers.get('range'), size) : null;
  if (range === 'unsatisfiable') {
    return { body: null, status: 416, headers: { 'content-range': `bytes */${size}` } };
  }
  const contents = store.contents(sha256, range ?? undefined);
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
function headersOf({ values }: LakeFileVersion) {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(values.size),
    'accept-ranges': 'bytes',
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
