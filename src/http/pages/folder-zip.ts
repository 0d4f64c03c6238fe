/** A folder of the lake, and everything below it, as a zip that is made while it is sent. */
import { makeZip } from 'client-zip';
import type { FileBelow, View } from '../../resolvers/index.ts';
import { zipName } from './zip-names.ts';

/**
 * Yields the bytes of a zip. Files are kept in it as they are; of each that was sent a few dozen bytes
 * are remembered besides its name, for the directory at the end, and nothing of its contents.
 * @throws ContentsDamaged in the middle, for bytes that are not as they were stored.
 */
export async function* zipOf(
  files: AsyncIterable<FileBelow>,
  view: View,
): AsyncGenerator<Uint8Array, void> {
  yield* makeZip(entriesOf(files, view));
}

async function* entriesOf(files: AsyncIterable<FileBelow>, view: View) {
  for await (const { stored, folders } of files) {
    const { version, sha256, size, filename } = stored;
    yield {
      name: zipName([...folders, filename]),
      lastModified: new Date(version.committedAt / 1_000),
      size,
      input: view.contents(version, sha256),
    };
  }
}
