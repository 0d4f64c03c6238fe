/** Dates in headers, as RFC 9110, section 5.6.7, has them: in one form, and in two that are obsolete. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const time = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const month = `(?<month>${months.join('|')})`;

const forms = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  `[A-Z][a-z]{2}, (?<day>\\d{2}) ${month} (?<year>\\d{4}) ${time} GMT`,
  // Sunday, 06-Nov-94 08:49:37 GMT
  `[A-Z][a-z]{5,8}, (?<day>\\d{2})-${month}-(?<year>\\d{2}) ${time} GMT`,
  // Sun Nov  6 08:49:37 1994
  `[A-Z][a-z]{2} ${month} (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/** @param ms milliseconds since 1970; what is less than a second is left out. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** @returns milliseconds since 1970; null for what is no such date. */
export function parseHttpDate(text: string): number | null {
  const parts = forms.map((form) => form.exec(text)?.groups).find((groups) => groups);
  if (!parts) return null;
  const month = months.indexOf(parts.month ?? '');
  const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(
    Number,
  ) as [number, number, number, number];
  const date = Date.UTC(fullYear(parts.year ?? ''), month, day, hour, minute, second);
  // The 30th of February would be taken for a day in March.
  return new Date(date).getUTCMonth() === month || second === 60 ? date : null;
}

/** Two digits stand for a year that is at most fifty years away, or past. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits);
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(digits);
  return year > now + 50 ? year - 100 : year;
}
