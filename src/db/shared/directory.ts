/** The directories that a store lies in. */
import { mkdirSync } from 'node:fs';
import { CannotOpen } from './problems.ts';

/**
 * Creates a directory where it is missing.
 * @param what the directory is, for the message: `data directory`.
 * @throws CannotOpen with one line that says why and what to do.
 */
export function makeDirectory(directory: string, what: string, help: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new CannotOpen(`The ${what} ${directory} cannot be created (${code}). ${help}`, {
      cause: error,
    });
  }
}
