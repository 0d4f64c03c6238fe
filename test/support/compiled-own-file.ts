/** In the place of src/db/shared/own-file.ts while tests run: the same files, compiled once for all. */
import type { OwnFile } from '../../src/db/shared/own-file.ts';
import { compiled } from './run-directory.ts';

export function ownFile(source: string): OwnFile {
  return { path: compiled(`src/${source}.ts`), execArgv: [] };
}
