/**
 * What files are called in a zip. A path in the lake is any text: one that leads out of the folder in
 * which a zip is unpacked, by "..", a drive or a "/" at its beginning, is written so that it does not.
 * Different paths stay different.
 */

/** @param parts the folders below the one that is packed, and the filename. */
export function zipName(parts: readonly string[]): string {
  return parts.map(safePart).join('/');
}

/** Parts that are no name, with the sign that makes one of them, and those that look like that. */
const nameless = /^=*\.{0,2}$/;

/** Separators of paths, on whatever system, the colon of a drive, and what no name may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unsafe = /[/\\\u0000-\u001f\u007f]|(?<=^[A-Za-z]):|%(?=[0-9A-F]{2})/g;

function safePart(part: string): string {
  if (nameless.test(part)) return `=${part}`;
  return part.replace(
    unsafe,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
