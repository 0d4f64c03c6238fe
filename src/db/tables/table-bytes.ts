/** The bytes of a table on their way to a file: unpacked, as UTF-8, and no more than is allowed. */
import { isUtf8 } from 'node:buffer';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { limits } from '../shared/limits.ts';
import { BadTable, TableLimitExceeded } from '../shared/problems.ts';
import { turns } from '../shared/turns.ts';
import { Nesting } from './nesting.ts';
import type { TableSource } from './table-source.ts';

type Bytes = AsyncIterable<Uint8Array>;
type Pieces = AsyncGenerator<Uint8Array, void>;

class NotUtf8 extends Error {}

/**
 * Writes a table to a file: packed by gzip it is unpacked, and text in UTF-16 or Latin-1 becomes UTF-8.
 * @param path of a file that is not there.
 * @throws BadTable, TableLimitExceeded, and what the bytes and the disk throw.
 */
export async function writeTable(
  source: TableSource,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const write = (bytes: Bytes) => pipeline(bytes, createWriteStream(path), { signal });
  const { format, bytes } = source;
  if (format === 'parquet') return await write(bounded(bytes(), 'tableBytesMax'));
  if (format === 'xlsx') return await write(bounded(bytes(), 'workbookBytesMax'));
  const read = (asText: (bytes: Bytes) => Bytes) => {
    const text = asText(bounded(unpacked(bytes()), 'tableBytesMax'));
    return write(format === 'csv' || format === 'tsv' ? text : shallow(text));
  };
  try {
    await read(utf8);
  } catch (error) {
    if (!(error instanceof NotUtf8)) throw error;
    // What is no UTF-8 is most often that, and never wrong in what is ASCII.
    await read((text) => transcoded(text, 'windows-1252'));
  }
}

async function* bounded(bytes: Bytes, limit: 'tableBytesMax' | 'workbookBytesMax'): Pieces {
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > limits[limit]) {
      const message = `A table may have at most ${limits[limit]} bytes, unpacked, but this has more.`;
      throw new TableLimitExceeded(limit, limits[limit], message);
    }
    yield piece;
    await turns.yield();
  }
}

async function* unpacked(bytes: Bytes): Pieces {
  const { first, all } = await peeked(bytes);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return yield* all;
  const gunzip = createGunzip();
  // What goes wrong with it ends the unpacking, which is read below.
  pipeline(Readable.from(all), gunzip).catch(() => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (!/^Z_|^ERR_BUFFER/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new BadTable(
      `It is packed by gzip, and cannot be unpacked: ${(error as Error).message}.`,
    );
  }
}

async function* utf8(bytes: Bytes): Pieces {
  const { first, all } = await peeked(bytes);
  const mark = `${first[0]} ${first[1]}`;
  if (mark === '255 254') return yield* transcoded(all, 'utf-16le');
  if (mark === '254 255') return yield* transcoded(all, 'utf-16be');
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of all) {
    const joined = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    const end = lastCharacter(joined);
    if (!isUtf8(joined.subarray(0, end))) throw new NotUtf8();
    rest = joined.subarray(end);
    yield piece;
  }
  if (rest.length > 0 && !isUtf8(rest)) throw new NotUtf8();
}

/** Where the last character begins, of which bytes may still come; the end where it is ASCII. */
function lastCharacter(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(4, length); back += 1) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return length - back;
  }
  return length;
}

async function* transcoded(bytes: Bytes, encoding: string): Pieces {
  const decoder = new TextDecoder(encoding);
  for await (const piece of bytes) yield Buffer.from(decoder.decode(piece, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/** JSON that is not nested deeper than is read: DuckDB would end its process over it. */
async function* shallow(bytes: Bytes): Pieces {
  const nesting = new Nesting();
  for await (const piece of bytes) {
    nesting.add(piece);
    if (nesting.depthMax > limits.tableJsonDepthMax) {
      const { tableJsonDepthMax: max } = limits;
      const message = `JSON may be nested at most ${max} deep to be a table, but this is deeper.`;
      throw new TableLimitExceeded('tableJsonDepthMax', max, message);
    }
    yield piece;
  }
}

/** The same bytes, of which the first are known: at least two where there are. */
async function peeked(bytes: Bytes): Promise<{ readonly first: Uint8Array; readonly all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array();
  while (first.length < 2) {
    const { value, done } = await iterator.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  const all = async function* () {
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return { first, all: all() };
}
