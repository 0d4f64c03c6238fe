/** The order of texts, as DuckDB and SQLite have it: by the bytes of UTF-8. */

/**
 * Compares well-formed texts by their characters (Unicode code points), which is the order of their
 * bytes in UTF-8. JavaScript compares UTF-16 code units: to it, what takes two of them stands
 * before U+E000 to U+FFFF.
 */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates last: they are halves of the characters from U+10000 on. */
function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
