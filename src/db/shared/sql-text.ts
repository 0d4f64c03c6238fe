/** Names and texts as they stand in SQL. */

/** @throws Error for a NUL, where databases end reading SQL. */
export function quotedName(name: string): string {
  return quoted('"', name);
}

/** @throws Error for a NUL, where databases end reading SQL. */
export function quotedText(text: string): string {
  return quoted("'", text);
}

function quoted(sign: '"' | "'", text: string): string {
  if (text.includes('\0')) throw new Error('What is quoted in SQL must not hold a NUL.');
  return `${sign}${text.replaceAll(sign, sign + sign)}${sign}`;
}
