/** Letters in any case: the one form by which lists and feeds alike compare texts. */

/**
 * A text such that two texts come out the same where they differ by case alone, or by how their
 * letters are composed. Past ASCII it is made here only, once, and then compared as it is: DuckDB
 * knows another version of Unicode, and folds letter by letter.
 *
 * It is Unicode's full case folding under canonical equivalence (The Unicode Standard, section
 * 3.13, D145, but with NFC last, so that é does not hold e), made of the mappings that JavaScript
 * has: up and down again takes ß for ss, ſ for s and the Kelvin sign for k; down once before that,
 * as ẞ has no upper case. In lower case alone a sigma is written by its place in the word, so ς is
 * σ. One deviation: İ, I, ı and i are one letter, as nobody knows which language a text is in.
 */
export function foldText(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return text
    .normalize('NFD')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC')
    .replaceAll('i\u0307', 'i');
}

/** Whether a text has no letter but a to z, in either case. */
export function isAscii(text: string): boolean {
  return ascii.test(text);
}

const ascii = /^[\0-\x7f]*$/;

/** The version of Unicode that foldText goes by; what was folded by another may differ. */
export const unicodeVersion: string | null = process.versions.unicode ?? null;
