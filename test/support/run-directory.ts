/** What the tests of one run share: code that was compiled, and whatever else is made only once. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/** Where the compiled form of a source lies, `src/main.ts` for one. */
export function compiled(source: string): string {
  return join(inject('runDirectory'), source.replace(/\.ts$/, '.js'));
}

/**
 * Has a directory made by whichever test file asks for it first; all others wait for it. It is not
 * to be changed, and goes with the run.
 * @param make fills the directory. When it fails, the next who asks tries again.
 */
export async function onceInRun(
  name: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const place = join(inject('runDirectory'), name);
  const making = `${place}.making`;
  while (!existsSync(place)) {
    if (!takes(making)) {
      await sleep(50);
      continue;
    }
    try {
      // It may have been finished before it was taken.
      if (existsSync(place)) break;
      await make(making);
      renameSync(making, place);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return place;
}

/** Of all processes one creates a directory. */
function takes(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
