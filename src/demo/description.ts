/** What datapackage.json says of a file, as text. */
import type { DataFile } from './data-file.ts';

/** Description, sources and licences of a file; null when nothing is known. */
export function describe({ resource }: DataFile): string | null {
  if (!resource) return null;
  const sources = (resource.sources ?? []).map(({ title, path }) =>
    tidy(path ? `${title}, ${path}` : title),
  );
  const parts = [
    tidy(resource.description ?? ''),
    ...sources.map((source) => `Source: ${source}`),
    ...licencesOf(resource).map((licence) => `Licence: ${licence}`),
  ];
  return parts.filter((part) => part !== '').join('\n') || null;
}

/** The licence of a file; null when datapackage.json states none. */
export function licenceOf({ resource }: DataFile): string | null {
  return (resource && licencesOf(resource)[0]) ?? null;
}

/** Some licences only say that nobody knows. */
export function isUnclear(licence: string): boolean {
  return /unspecified|not explicitly specified/i.test(licence);
}

function licencesOf({ licenses = [] }: NonNullable<DataFile['resource']>): string[] {
  const titles = licenses.map(({ title, name }) => tidy(title ?? name ?? ''));
  return titles.filter((title) => title !== '');
}

/** The texts are wrapped at odd places: one line per paragraph. */
function tidy(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .join('\n')
    .trim();
}
