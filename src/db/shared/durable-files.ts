/** Files that are on disk before anybody is told of them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const readBytes = 1024 * 1024;

/** What a file holds, in short. */
export interface FileDigest {
  readonly bytes: number;
  /** SHA-256, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a whole file.
 * @param onBytes told of bytes that were read; what it throws ends the reading.
 */
export async function digestFile(
  path: string,
  onBytes: (bytes: number) => void = () => {},
): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(chunk.length);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Brings a file, or what a directory lists, to disk. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file, or a directory, that is on disk its name, in place of what has it. */
export async function renameDurably(path: string, name: string): Promise<void> {
  await rename(path, name);
  await syncPath(dirname(name));
}

/** Writes a file as a whole: whoever reads it finds what it was before, or what it is then. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  await writeFile(unfinished, text, { flush: true });
  await renameDurably(unfinished, path);
}
