/** The board: the files that `npm run board` builds, at /board. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'graphql-yoga';
import { type Entity, LakeFile, Todo } from '../../entities/index.ts';
import type { MaskError } from '../server/request-mark.ts';
import { pagePolicy } from '../server/security-headers.ts';
import { escapeHtml, htmlHeaders, pageOf } from './html.ts';

/** Where the build lies, beside the sources as beside the built package. */
export const boardDirectory = fileURLToPath(
  new URL('../../../examples/board/dist/', import.meta.url),
);

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Files are shown from memory; charts style what they draw in place. */
const policy = pagePolicy({ styles: ["'unsafe-inline'"], images: ['data:', 'blob:'] });

/** Names below hold a digest of the contents, so they never change. */
const hashed = 'assets';

/** What the board shows, and the demo writes. */
const shownKinds: readonly Entity[] = [Todo, LakeFile];

/** Whether the kinds that the board shows, and the demo writes, are among those that are served. */
export function canShowBoard(entities: readonly Entity[]): boolean {
  return shownKinds.every((kind) => entities.includes(kind));
}

/**
 * @param directory what the board was built into; it may not be there, or come later.
 * @param entities what is served; where the board’s kinds are missing, a page says so in its place.
 * @param maskError what a client may see of an error; Yoga masks only those of GraphQL.
 */
export function useBoard(
  directory: string,
  entities: readonly Entity[],
  maskError: MaskError,
): Plugin {
  const instead = canShowBoard(entities) ? null : kindsMissing(entities);
  return {
    onRequest({ url, request, endResponse, fetchAPI, serverContext }) {
      const place = placeOf(url.pathname);
      // Not even a promise for the requests that are none of its business: most of them.
      if (place === null) return;
      if (instead) {
        const body = request.method === 'HEAD' ? null : instead;
        endResponse(new fetchAPI.Response(body, { status: 404, headers: htmlHeaders() }));
        return;
      }
      return answer(directory, place, request.method)
        .catch((error) => ({
          body: `${maskError(error, { ...serverContext, request }).message}\n`,
          status: 500,
        }))
        .then(({ body, ...init }) =>
          endResponse(new fetchAPI.Response(request.method === 'HEAD' ? null : body, init)),
        );
    },
  };
}

interface Answer extends ResponseInit {
  readonly body: BodyInit;
}

/** The path below /board, decoded; null elsewhere. */
function placeOf(pathname: string): string | null {
  if (pathname !== '/board' && !pathname.startsWith('/board/')) return null;
  try {
    return decodeURIComponent(pathname.slice('/board/'.length));
  } catch {
    return '\0';
  }
}

async function answer(directory: string, place: string, method: string): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return {
      body: 'The board can only be read here.\n',
      status: 405,
      headers: { allow: 'GET, HEAD' },
    };
  }
  const path = normalize(place);
  const isInside = !path.includes('\0') && !path.split(sep).includes('..');
  const found = isInside ? await read(join(directory, path)) : null;
  if (found && path !== '.') return file(path, found);
  if (!isInside || path.split(sep)[0] === hashed) {
    return { body: 'There is no such file of the board.\n', status: 404 };
  }
  // Every other path is a place within the board, which the page itself finds.
  const page = await read(join(directory, 'index.html'));
  return page ? file('index.html', page) : notBuilt();
}

/** Null where there is no file. */
async function read(path: string): Promise<Buffer<ArrayBuffer> | null> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG'].includes(error.code ?? '')) return null;
    throw error;
  });
}

function file(path: string, body: Buffer<ArrayBuffer>): Answer {
  const isPage = extname(path) === '.html';
  const isForEver = path.split(sep)[0] === hashed;
  const headers = {
    ...(isPage && { 'content-security-policy': policy }),
    'content-type': contentTypes[extname(path)] ?? 'application/octet-stream',
    'content-length': String(body.length),
    'cache-control': isForEver ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  return { body, headers };
}

function notBuilt(): Answer {
  const body = pageOf(
    'The board is not built',
    `<p>Build it with</p><pre><code>npm run board</code></pre>
     <p>in Everstate’s directory, and load this page again. The server need not be restarted.</p>
     <p><a href="/">Back</a></p>`,
  );
  return { body, status: 404, headers: htmlHeaders() };
}

function kindsMissing(entities: readonly Entity[]): string {
  const served = entities.map(({ name }) => name).join(', ');
  return pageOf(
    'The board has nothing to show here',
    `<p>It shows the kinds Todo and LakeFile, and this server serves ${escapeHtml(served)}. To have
     both, export those two as well from the file that <code>--entities</code> names:</p>
     <pre><code>export { LakeFile, Todo } from 'everstate';</code></pre>
     <p><a href="/">Back</a></p>`,
  );
}
