/** Files that a process or a thread of its own is started with. */
import { fileURLToPath } from 'node:url';

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
  return { path: fileURLToPath(file), execArgv: isSource ? ['--import', typeScriptLoader()] : [] };
}

/** By tsx's interface: what its own `--import` does is left out in threads. */
function typeScriptLoader(): string {
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const code = `import { register } from ${tsx}; register();`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
