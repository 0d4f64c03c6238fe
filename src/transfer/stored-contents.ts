/** Contents of files on their way into a log: small ones as bytes, others as uploads. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { type LogAccess, limits, type PastContents, type Uploaded } from '../db/index.ts';
import { type Entity, fieldValue, type Version } from '../entities/index.ts';
import type { SourceContents } from './history-source.ts';
import { Refused } from './refused.ts';

/** Contents that a version names. */
export interface NamedContents {
  readonly sha256: string;
  readonly size: number;
}

/** What versions with such values name. */
export function contentsNamed(entity: Entity, values: Version['values']): NamedContents[] {
  return entity.files.flatMap(({ sha256, size }) => {
    const named = fieldValue({ values } as Version, sha256);
    if (named === null) return [];
    return [{ sha256: String(named), size: Number(fieldValue({ values } as Version, size)) }];
  });
}

/**
 * Takes contents in, for a transaction to keep.
 * @param source null where nothing has them.
 * @throws Refused where they are missing, or not what they are said to be.
 */
export async function takeIn(
  log: LogAccess,
  { sha256, size }: NamedContents,
  source: SourceContents | null,
  origin: string,
): Promise<PastContents> {
  if (!source) {
    throw new Refused(
      'CONTENTS_MISSING',
      `${origin}: its contents, of the SHA-256 ${sha256}, are neither in the export nor in the log. ` +
        'Export again with --files.',
    );
  }
  const isFile = !(source instanceof Uint8Array);
  const isLarge = isFile && (await stat(source.path)).size > limits.contentsAtOnceBytes;
  const taken = isLarge
    ? await uploaded(log, source.path)
    : digested(isFile ? await readFile(source.path) : source);
  if (taken.sha256 === sha256 && taken.size === size) return taken.contents;
  if ('upload' in taken.contents) await log.discardUpload(taken.contents.upload);
  throw new Refused(
    'EXPORT_DAMAGED',
    `${origin}: its contents must have ${size} bytes and the SHA-256 ${sha256}, but have ` +
      `${taken.size} and ${taken.sha256}.`,
  );
}

interface Taken extends NamedContents {
  readonly contents: PastContents;
}

function digested(bytes: Uint8Array): Taken {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sha256, size: bytes.length, contents: bytes };
}

/** Uploads a file of any size. */
export async function uploaded(
  log: LogAccess,
  path: string,
): Promise<Taken & { readonly contents: Uploaded }> {
  const contents = await log.receiveUpload(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  return { sha256: contents.sha256, size: contents.size, contents };
}
