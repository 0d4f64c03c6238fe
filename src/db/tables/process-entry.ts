/** What a process for tables is started with. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface ProcessEntry {
  /** The file that it runs. */
  readonly path: string;
  /** Options of Node's that the file needs. */
  readonly execArgv: readonly string[];
}

/** The file beside this one. From the sources it needs what runs TypeScript. */
export function processEntry(): ProcessEntry {
  const isSource = import.meta.url.endsWith('.ts');
  const entry = new URL(`./process/main.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { path: fileURLToPath(entry), execArgv: isSource ? ['--import', loader()] : [] };
}
