/**
 * The code that tests start as processes of their own, compiled once for a whole run: a process
 * that compiled it for itself would take twice as long to start.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../scripts/bundle.ts';
import { nameOfRun, placeOfRuns, removeLeftBehind } from './memory-disk.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What lasts as long as the run: the compiled project, and what `onceInRun` makes. */
    readonly runDirectory: string;
  }
}

const project = resolve(import.meta.dirname, '../..');
const notLinked = new Set(['.git', 'dist', 'src', 'test']);

/** What is started as a process of its own, and what lies beside it. */
const sources = [
  'src/main.ts',
  'src/index.ts',
  'src/entity-file-hooks.ts',
  'src/db/tables/process/main.ts',
  'src/db/log/contents/chunk-thread.ts',
  'src/db/log/upload-thread.ts',
  'src/db/log/sqlite/checkpoint-thread.ts',
  'test/support/flipped-replica.ts',
  'test/support/killed-migration.ts',
  'test/support/loop-watch.ts',
  'test/support/store-process.ts',
];

/** Compiles before the first test of a run, and removes all of it after the last. */
export default async function setup(vitest: TestProject): Promise<() => void> {
  const place = placeOfRuns();
  removeLeftBehind(place);
  const whole = mkdtempSync(join(place, nameOfRun));
  // Beside one another: what is in a temporary directory is to find nothing of the project.
  const [directory, temporary] = [join(whole, 'project'), join(whole, 'temporary')];
  for (const one of [directory, temporary]) mkdirSync(one);
  // Tests become other users, who have directories of their own within.
  chmodSync(whole, 0o711);
  // Of this process, of those that run tests, and of whatever these start.
  process.env.TMPDIR = temporary;
  // What the code looks for beside itself: packages, guides, the board.
  for (const name of readdirSync(project)) {
    if (!notLinked.has(name)) symlinkSync(join(project, name), join(directory, name));
  }
  await bundle(project, sources, directory);
  vitest.onTestsRerun(() => bundle(project, sources, directory));
  vitest.provide('runDirectory', directory);
  return () => rmSync(whole, { recursive: true, force: true });
}
