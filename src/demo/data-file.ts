/**
 * The data files of the npm package vega-datasets, and what its datapackage.json says of them. It
 * is too large to come with Everstate: whoever has not installed it gets the part of it that does.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { count } from '../terminal/index.ts';

/** One entry of datapackage.json: https://datapackage.org. */
export interface Resource {
  /** The file, below the folder of the data. */
  readonly path: string;
  /** “table”, “json” or “file”. */
  readonly type: string;
  /** “csv”, “topojson”; sometimes with a dot before it. */
  readonly format?: string;
  readonly description?: string;
  readonly licenses?: readonly { readonly name?: string; readonly title?: string }[];
  readonly sources?: readonly { readonly title: string; readonly path?: string }[];
  readonly schema?: { readonly fields: readonly { readonly name: string }[] };
}

export interface DataFile {
  /** Its id in the lake: `vega/cars.json`. */
  readonly id: string;
  /** Where it is below the folder of the data: `cars.json`. */
  readonly below: string;
  /** `cars.json`. */
  readonly name: string;
  /** Its folder in the lake: `vega-datasets/data`. */
  readonly path: string;
  /** The extension, without the dot. */
  readonly filetype: string;
  /** What datapackage.json calls its format, `topojson` say; else the file type. */
  readonly format: string;
  /** In bytes. */
  readonly size: number;
  /** Where it lies on this machine. */
  readonly location: string;
  /** Its place among all files of the package, by name, from 0. */
  readonly place: number;
  /** Null when datapackage.json does not list the file. */
  readonly resource: Resource | null;
}

export interface DataPackage {
  /** `vega-datasets 3.2.1`. */
  readonly title: string;
  /** By name. */
  readonly files: readonly DataFile[];
  /** False for the part that comes with Everstate. */
  readonly whole: boolean;
}

/** Finds the installed package, else the part that comes along, and lists its data. */
export function readDataPackage(): DataPackage {
  const installed = installedRoot();
  const root = installed ?? fileURLToPath(new URL('./data-package', import.meta.url));
  const { version, resources } = JSON.parse(
    readFileSync(join(root, 'datapackage.json'), 'utf8'),
  ) as { version: string; resources: readonly Resource[] };
  const byPath = new Map(resources.map((resource) => [resource.path, resource]));
  const data = join(root, 'data');
  const files = namesBelow(data).map((below, place) =>
    dataFile(join(data, below), below, place, byPath.get(below) ?? null),
  );
  return { title: `vega-datasets ${version}`, files, whole: installed !== null };
}

/** Why a file is not taken in, in one line; null when it is. */
export function whyLeftOut(file: DataFile, bytesMax: number): string | null {
  if (file.size <= bytesMax) return null;
  return `it has ${count(file.size, 'byte')}, the lake takes up to ${count(bytesMax, 'byte')}.`;
}

function dataFile(
  location: string,
  below: string,
  place: number,
  resource: Resource | null,
): DataFile {
  const filetype = extname(below).slice(1).toLowerCase();
  return {
    id: `vega/${below}`,
    below,
    name: posix.basename(below),
    path: posix.join('vega-datasets/data', posix.dirname(below)),
    filetype,
    format: resource?.format?.replace(/^\./, '') ?? filetype,
    size: statSync(location).size,
    location,
    place,
    resource,
  };
}

/**
 * The package exports only its code, build/index.js: the data lies beside that folder.
 * @returns null where it is not installed.
 */
function installedRoot(): string | null {
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve('vega-datasets')), '..');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return null;
  }
}

function namesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
