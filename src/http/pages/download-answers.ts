/** What is answered at /files to whoever asks: a file, some of its bytes, or a folder. */
import { Readable } from 'node:stream';
import { create as contentDisposition } from 'content-disposition';
import { BadRequest } from '../../db/index.ts';
import {
  type FolderPath,
  findDownload,
  listFolder,
  type PlacePath,
  parseFilePath,
  type RecordPath,
  type StoredFile,
  type View,
  walkFolder,
} from '../../resolvers/index.ts';
import { isRangeWanted, statusByConditions } from '../server/preconditions.ts';
import { type ByteRange, parseByteRanges } from './byte-ranges.ts';
import { type DownloadQuery, readDownloadQuery } from './download-query.ts';
import { fileHeaders, validatorHeaders, validatorsOf } from './file-headers.ts';
import { folderListing } from './folder-listing.ts';
import { zipOf } from './folder-zip.ts';
import { contentRange, MultipartRanges } from './multipart-ranges.ts';
import { type Answer, plain } from './plain-answers.ts';

/** Who asks for what. */
export interface Asking {
  readonly view: View;
  /** What caches are told of what stays as it is, and of what may be another the next moment. */
  readonly keeping: { readonly always: string; readonly now?: string };
  readonly request: Request;
  readonly url: URL;
  /** Told of bytes that fail when their headers are gone. */
  readonly onFailure: (error: unknown) => void;
}

/** @throws BadRequest for a query that cannot be, and what reading throws. */
export async function answerDownload(asking: Asking): Promise<Answer> {
  const { method } = asking.request;
  const path = parseFilePath(asking.url.pathname);
  if (method !== 'GET' && method !== 'HEAD') return otherMethod(path?.kind === 'place');
  if (!path) return plain(404, 'There is no such file or revision.');
  const query = readDownloadQuery(asking.url.searchParams);
  if (path.kind !== 'folder') return await answerFile(asking, path, query);
  if (query.revision !== null) {
    throw new BadRequest('revision', 'is what a folder has none of. Name a position instead.');
  }
  return query.zip
    ? await answerZip(asking, path, query)
    : await answerListing(asking, path, query);
}

/** @param isPlace whether files are written here, too. */
function otherMethod(isPlace: boolean): Answer {
  const [message, allow] = isPlace
    ? ['Files are read here by GET and HEAD, and written by PUT.', 'GET, HEAD, PUT']
    : ['Files can only be read here.', 'GET, HEAD'];
  return { ...plain(405, message), headers: { allow } };
}

async function answerFile(
  asking: Asking,
  path: RecordPath | PlacePath,
  query: DownloadQuery,
): Promise<Answer> {
  refuseTwoVersions(path, query);
  const stored = await findDownload(asking.view, path, query);
  if (!stored) {
    const isPlace = path.kind === 'place';
    return plain(
      404,
      isPlace
        ? 'There is no such file. The path of a folder ends in “/”.'
        : 'There is no such file or revision.',
    );
  }
  const { headers: asked, method } = asking.request;
  const validators = validatorsOf(stored);
  const known = {
    ...validatorHeaders(validators),
    'cache-control': keepingOf(asking, staysSo(path, query)),
  };
  const status = statusByConditions(asked, validators);
  if (status === 304) return { body: null, status, headers: known };
  if (status === 412) return plain(status, 'The file is not what the request wants it to be.');
  const headers = { ...known, ...fileHeaders(stored, query.inline) };
  if (method === 'HEAD') return { body: null, headers };
  const isPartWanted = isRangeWanted(asked.get('if-range'), validators);
  const ranges = isPartWanted ? parseByteRanges(asked.get('range'), stored.size) : null;
  if (ranges === 'unsatisfiable') {
    return { body: null, status: 416, headers: { 'content-range': `bytes */${stored.size}` } };
  }
  const read = (range?: ByteRange) => asking.view.contents(stored.version, stored.sha256, range);
  if (ranges === null) return { body: streamed(read(), asking), headers };
  const part = partOf(stored, ranges, headers['content-type'], read);
  return {
    body: streamed(part.body, asking),
    status: 206,
    headers: { ...headers, ...part.headers },
  };
}

interface Part {
  readonly body: AsyncIterable<Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;
}

/** One range as it is, several with what tells them apart. */
function partOf(
  { size }: StoredFile,
  ranges: readonly ByteRange[],
  mediaType: string,
  read: (range: ByteRange) => AsyncIterable<Uint8Array>,
): Part {
  const [range, ...others] = ranges;
  if (range && others.length === 0) {
    const headers = {
      'content-length': String(range.last - range.first + 1),
      'content-range': contentRange(range, size),
    };
    return { body: read(range), headers };
  }
  const parts = new MultipartRanges(ranges, size, mediaType);
  const headers = { 'content-type': parts.contentType, 'content-length': String(parts.length) };
  return { body: parts.body(read), headers };
}

async function answerListing(
  asking: Asking,
  { folder }: FolderPath,
  query: DownloadQuery,
): Promise<Answer> {
  const page = await listFolder(asking.view, { ...query, folder }, query);
  if (!page) return plain(404, 'There is no such folder.');
  const body = `${JSON.stringify(folderListing(folder, page, query))}\n`;
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': keepingOf(asking, query.position !== null),
    'x-position': String(page.at),
  };
  return { body: asking.request.method === 'HEAD' ? null : body, headers };
}

async function answerZip(
  asking: Asking,
  { folder }: FolderPath,
  query: DownloadQuery,
): Promise<Answer> {
  const found = await walkFolder(asking.view, { ...query, folder });
  if (!found) return plain(404, 'There is no such folder.');
  const name = folder?.split('/').findLast((part) => part !== '') ?? 'lake';
  const headers = {
    'content-type': 'application/zip',
    'content-disposition': contentDisposition(`${name}.zip`),
    // Each is made anew, and may be larger than any cache.
    'cache-control': 'no-store',
    'accept-ranges': 'none',
    'x-position': String(found.at),
  };
  if (asking.request.method === 'HEAD') return { body: null, headers };
  return { body: streamed(zipOf(found.files, asking.view), asking), headers };
}

/** @throws BadRequest where the path names a revision and the query names another version. */
function refuseTwoVersions(path: RecordPath | PlacePath, query: DownloadQuery): void {
  if (path.kind === 'place' || path.revision === null) return;
  for (const name of ['revision', 'position'] as const) {
    if (query[name] === null) continue;
    throw new BadRequest(name, 'may not be given where the path names a revision. Leave one out.');
  }
}

/** Whether the same URL leads to the same bytes for ever. */
function staysSo(path: RecordPath | PlacePath, { revision, position }: DownloadQuery): boolean {
  if (position !== null) return true;
  // What has a name may be another record tomorrow, with revisions of its own.
  return path.kind === 'record' && (path.revision ?? revision) !== null;
}

function keepingOf({ keeping }: Asking, always: boolean): string {
  return always ? keeping.always : (keeping.now ?? 'no-store');
}

function streamed(bytes: AsyncIterable<Uint8Array>, { onFailure }: Asking): BodyInit {
  return Readable.from(bytes).on('error', onFailure) as unknown as BodyInit;
}
