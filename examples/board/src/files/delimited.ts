/** Values separated by commas or tabs, as RFC 4180 has them. */

/**
 * Reads rows out of a text, or out of the beginning of one.
 * @param separator one sign: "," or a tab.
 * @param rowsMax rows beyond these are not read.
 */
export function parseDelimited(text: string, separator: string, rowsMax: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let place = text.startsWith('\uFEFF') ? 1 : 0;
  while (place < text.length && rows.length < rowsMax) {
    const [value, end] = text[place] === '"' ? quoted(text, place) : plain(text, place, separator);
    row.push(value);
    place = end;
    if (text[place] === separator) {
      place += 1;
      // A separator at the very end has an empty value after it.
      if (place === text.length) row.push('');
      else continue;
    }
    place += text.startsWith('\r\n', place) ? 2 : 1;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** A value in quotes, in which two quotes stand for one. What follows it up to the end belongs to it. */
function quoted(text: string, start: number): [value: string, end: number] {
  let value = '';
  let place = start + 1;
  for (;;) {
    const quote = text.indexOf('"', place);
    if (quote === -1) return [value + text.slice(place), text.length];
    value += text.slice(place, quote);
    if (text[quote + 1] !== '"') return [value, quote + 1];
    value += '"';
    place = quote + 2;
  }
}

function plain(text: string, start: number, separator: string): [value: string, end: number] {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') {
    end += 1;
  }
  return [text.slice(start, end), end];
}
