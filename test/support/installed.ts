/** Everstate as its users have it: packed by npm and unpacked into an otherwise empty folder. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onceInRun } from './run-directory.ts';

const run = promisify(execFile);
const project = join(import.meta.dirname, '../..');
const notPacked = new Set(['.git', 'node_modules', 'dist', 'data']);

export interface Installed {
  /** The user's folder; `everstate` is in its node_modules. */
  readonly folder: string;
  /** The script behind the command `everstate`. */
  readonly bin: string;
  /** What npm packed. */
  readonly tarball: string;
  readonly remove: () => void;
}

/**
 * Installs what npm packs without a registry: what package.json names as a dependency is linked,
 * and nothing else, so that a dependency missing there is missing here.
 */
export async function installEverstate(): Promise<Installed> {
  const { name, version, bin, dependencies } = readPackage();
  const tarball = join(await onceInRun('packed', pack), `${name}-${version}.tgz`);
  const folder = mkdtempSync(join(tmpdir(), 'everstate-installed-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const everstate = join(folder, 'node_modules', 'everstate');
    mkdirSync(everstate, { recursive: true });
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', everstate]);
    for (const dependency of Object.keys(dependencies)) linkInto(folder, dependency);
    return { folder, bin: join(everstate, bin.everstate), tarball, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Packs a copy of the project, so that nothing in its own folder changes. */
async function pack(directory: string): Promise<void> {
  const copy = join(directory, 'copy');
  const filter = (path: string) => !notPacked.has(path.slice(project.length + 1));
  cpSync(project, copy, { recursive: true, filter });
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
  await run('npm', ['pack', '--pack-destination', directory], { cwd: copy });
}

/** Lets code in a folder import a package of this project's. */
export function linkInto(folder: string, dependency: string): void {
  const link = join(folder, 'node_modules', dependency);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(project, 'node_modules', dependency), link);
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly bin: { readonly everstate: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

function readPackage(): PackageJson {
  return JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as PackageJson;
}
