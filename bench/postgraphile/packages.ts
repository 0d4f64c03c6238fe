/** PostGraphile, which this project does not depend on: installed into the cache directory. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const postgraphileVersion = '5.1.5';

/** The directory whose node_modules have it, installed there unless it was. */
export function installPostGraphile(cache: string): string {
  const directory = join(cache, `postgraphile-${postgraphileVersion}`);
  const manifest = join(directory, 'package.json');
  if (existsSync(join(directory, 'node_modules', 'postgraphile'))) return directory;
  mkdirSync(directory, { recursive: true });
  writeFileSync(manifest, '{ "private": true }\n');
  const packages = [`postgraphile@${postgraphileVersion}`];
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch (error) {
    rmSync(directory, { recursive: true });
    throw error;
  }
  return directory;
}
