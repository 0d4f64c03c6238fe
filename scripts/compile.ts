/** Compiles what is started or imported as a file of its own, for the package: compile.ts <folder>. */
import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.ts';

const [, , target] = process.argv;
if (target === undefined) throw new Error('Say where it goes: compile.ts <folder>');

const sources = [
  'main.ts',
  'index.ts',
  'entity-file-hooks.ts',
  'db/tables/process/main.ts',
  'db/log/contents/chunk-thread.ts',
  'db/log/upload-thread.ts',
  'db/log/sqlite/checkpoint-thread.ts',
];
await bundle(resolve(import.meta.dirname, '../src'), sources, resolve(target));
chmodSync(join(target, 'main.js'), 0o755);
