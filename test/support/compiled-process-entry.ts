/** In the place of src/db/tables/process-entry.ts while tests run: the same file, compiled once for all. */
import type { ProcessEntry } from '../../src/db/tables/process-entry.ts';
import { compiled } from './run-directory.ts';

export function processEntry(): ProcessEntry {
  return { path: compiled('src/db/tables/process/main.ts'), execArgv: [] };
}
