/**
 * The code that tests start as processes of their own, compiled once for a whole run: a process
 * that compiled it for itself would take twice as long to start.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** What lasts as long as the run: the compiled project, and what `onceInRun` makes. */
    readonly runDirectory: string;
  }
}

const project = resolve(import.meta.dirname, '../..');
const notLinked = new Set(['.git', 'dist', 'src', 'test']);

/** Compiles before the first test of a run, and removes all of it after the last. */
export default function setup(vitest: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-run-'));
  // What the code looks for beside itself: packages, guides, the board.
  for (const name of readdirSync(project)) {
    if (!notLinked.has(name)) symlinkSync(join(project, name), join(directory, name));
  }
  compile(directory);
  vitest.onTestsRerun(() => compile(directory));
  vitest.provide('runDirectory', directory);
  return () => rmSync(directory, { recursive: true, force: true });
}

function compile(outDir: string): void {
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const config = join(import.meta.dirname, 'tsconfig.spawned.json');
  execFileSync(process.execPath, [tsc, '-p', config, '--outDir', outDir], { stdio: 'inherit' });
}
