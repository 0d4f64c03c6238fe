/**
 * Puts the part of vega-datasets that comes with the package beside the built demo: small files
 * whose licences let anybody pass them on. Their sources and licences go along.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DataFile, type Resource, readDataPackage } from '../src/demo/data-file.ts';
import { licenceOf } from '../src/demo/description.ts';

const fileBytesMax = 100_000;
const freeLicences = [
  /Creative Commons (Attribution|Zero)|CC0/,
  /U\.S\. (Government|Public)|Open Government|^Public Domain/,
];

const [, , target] = process.argv;
if (target === undefined) throw new Error('Say where the files go: pack-demo.ts <folder>');

const { files } = readDataPackage();
const taken = files.filter(
  (file) =>
    file.size <= fileBytesMax &&
    freeLicences.some((licence) => licence.test(licenceOf(file) ?? '')),
);
for (const file of taken) {
  const copy = join(target, 'data', file.below);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file.location, copy);
}
writeFileSync(join(target, 'datapackage.json'), describing(taken));

/** The original's datapackage.json, with what it says of these files only. */
function describing(taken: readonly DataFile[]): string {
  const [{ location }] = taken as [DataFile];
  const original = JSON.parse(
    readFileSync(join(dirname(location), '../datapackage.json'), 'utf8'),
  ) as { readonly resources: readonly Resource[] };
  const resources = original.resources.filter(({ path }) =>
    taken.some(({ below }) => below === path),
  );
  return `${JSON.stringify({ ...original, resources }, null, 1)}\n`;
}
