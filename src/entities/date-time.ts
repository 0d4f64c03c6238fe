/** Moments as text: RFC 3339, UTC, to the microsecond. */
import type { Microseconds } from './version.ts';

const pattern =
  /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** `1795413302938289` as `2026-11-23T01:55:02.938289Z`. */
export function formatDateTime(time: Microseconds): string {
  const milliseconds = Math.floor(time / 1000);
  const micros = String(time - milliseconds * 1000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${micros}Z`;
}

/**
 * Microseconds since 1970; null for a text that is not RFC 3339, for a leap second, which no clock
 * of a computer has, and for a moment between two microseconds: there digits past the sixth are
 * zeros, as some clients write them.
 */
export function parseDateTime(text: string): Microseconds | null {
  const [, date, time, fraction = '', zone] = pattern.exec(text) ?? [];
  if (!date || !time || !zone || /[1-9]/.test(fraction.slice(6))) return null;
  const seconds = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(seconds)) return null;
  // Date takes 30 February for 2 March: what it reads back has to be what was written.
  const [day, month] = [date.slice(8), date.slice(5, 7)];
  const check = new Date(`${date}T00:00:00Z`).toISOString();
  if (check.slice(8, 10) !== day || check.slice(5, 7) !== month) return null;
  return seconds * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}
