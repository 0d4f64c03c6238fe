/** What Upload-Metadata says of a file that is uploaded, in the words of tus: names, and values as Base64. */
import { InvalidInput } from '../../db/index.ts';
import type { FileTarget } from '../../resolvers/index.ts';
import { preconditionOf } from './written-files.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The file that is to be written. Names that mean nothing here are let be: clients send what they like.
 * @param metadata well-formed, as @tus/server has looked at it.
 * @throws InvalidInput where it names no file, or has no text.
 */
export function targetOf(metadata: string): FileTarget {
  const said = textsOf(metadata);
  const filename = said.get('filename');
  if (!filename) throw wrong('filename', 'must say what the file is called.');
  const where = {
    filename,
    path: said.get('path') || null,
    userId: said.get('user') || null,
  };
  const filetype = said.get('filetype') || undefined;
  const precondition = preconditionOf(said.get('ifMatch') ?? null, said.get('ifNoneMatch') ?? null);
  return { where, filetype, precondition };
}

function textsOf(metadata: string): Map<string, string> {
  const pairs = metadata.split(',').map((pair): [string, string] => {
    const [name = '', base64 = ''] = pair.split(' ');
    try {
      return [name, utf8.decode(Buffer.from(base64, 'base64'))];
    } catch {
      throw wrong(name, 'must be text in UTF-8, as Base64.');
    }
  });
  return new Map(pairs);
}

function wrong(name: string, message: string): InvalidInput {
  return new InvalidInput([{ path: ['Upload-Metadata', name], message }]);
}
