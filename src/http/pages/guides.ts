/** The texts at /docs: what the package brings along to read, found anew at each request. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

export interface Guide {
  /** Where its file lies, below the root of the package. */
  readonly path: string;
  /** The path below /docs at which it is served. */
  readonly name: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

/**
 * README first, then the guides by name, the examples with their code, how it is made, what has
 * changed. What is not there, as in a package that leaves it out, is not in the list.
 */
export async function readGuides(): Promise<Guide[]> {
  const examples = await Promise.all(
    (await namesIn('examples/')).map((directory) => namesIn(`${directory}/`)),
  );
  const paths = [
    'README.md',
    ...(await namesIn('docs/')).filter((path) => extname(path) === '.md'),
    ...examples.flat().filter((path) => ['.md', '.ts'].includes(extname(path))),
    'ARCHITECTURE.md',
    'CHANGELOG.md',
  ];
  const read = await Promise.all(paths.map(readGuide));
  return read.flatMap((guide) => guide ?? []);
}

/** The media types of pictures, by the extensions of their files. */
const pictureTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** The pictures in the guides, by their paths. */
export async function picturePaths(): Promise<string[]> {
  return (await namesIn('docs/images/')).filter((path) => extname(path) in pictureTypes);
}

/** @param path one of those above. */
export function pictureType(path: string): string {
  return pictureTypes[extname(path)] ?? 'application/octet-stream';
}

/** @param path one of those above; null where it has gone meanwhile. */
export async function readPicture(path: string): Promise<Buffer<ArrayBuffer> | null> {
  return await readFile(urlOf(path)).catch(unlessMissing(null));
}

/** The path below /docs of a file that is served there: docs/live.md is at /docs/live.md. */
export function nameOf(path: string): string {
  return path.replace(/^docs\//, '').replace(/^(examples\/.+)\/README\.md$/, '$1');
}

async function readGuide(path: string): Promise<Guide | null> {
  const text = await readFile(urlOf(path), 'utf8').catch(unlessMissing(null));
  if (text === null) return null;
  if (extname(path) === '.ts') return code(path, text);
  return { path, name: nameOf(path), text, title: titleOf(text) ?? path };
}

/** Code as a guide of its own, for the texts beside it to link to. */
function code(path: string, text: string): Guide {
  const title = basename(path);
  return { path, name: nameOf(path), title, text: `# ${title}\n\n~~~~ts\n${text}~~~~\n` };
}

function titleOf(text: string): string | undefined {
  return /^# (.+)$/m.exec(text)?.[1];
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(new URL(directory, root)).catch(unlessMissing([]));
  return names.sort().map((name) => directory + name);
}

function urlOf(path: string): string {
  return fileURLToPath(new URL(path.split('/').map(encodeURIComponent).join('/'), root));
}

/** What to take for a file or directory that is not there; any other failure is one. */
function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
    throw error;
  };
}
