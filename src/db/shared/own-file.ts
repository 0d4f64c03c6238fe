/** Files that a process or a thread of its own is started with. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface OwnFile {
  readonly path: string;
  /** Options of Node's that the file needs. */
  readonly execArgv: readonly string[];
}

/**
 * @param source where it lies below `src`, without its ending. It is compiled by name (scripts/compile.ts);
 *   from the sources it needs what runs TypeScript.
 */
export function ownFile(source: string): OwnFile {
  const isSource = import.meta.url.endsWith('.ts');
  const file = new URL(`../../${source}.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { path: fileURLToPath(file), execArgv: isSource ? ['--import', loader()] : [] };
}
