/** Zips as another implementation reads them. */
import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/**
 * The files in a zip, in its order. It refuses names that lead elsewhere, sizes that are wrong, and
 * whatever is no zip.
 */
export async function readZip(bytes: Uint8Array): Promise<[name: string, contents: Buffer][]> {
  const zip = await fromBufferPromise(Buffer.from(bytes), { strictFileNames: true });
  const files: [string, Buffer][] = [];
  for await (const entry of zip.eachEntry()) {
    files.push([entry.fileName, await buffer(await zip.openReadStreamPromise(entry))]);
  }
  return files;
}
