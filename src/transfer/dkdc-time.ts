/** Moments as the databases of dkdc-state have them. */
import type { SqliteValue } from '../db/index.ts';
import { parseDateTime } from '../entities/index.ts';

/**
 * Microseconds since 1970; null for what is no moment. Ibis and SQLAlchemy write texts, with a “T” or a
 * space, and without a zone where it is UTC. A number counts from 1970, in the unit that makes a time
 * of our days of it.
 */
export function dkdcTime(value: SqliteValue | undefined): number | null {
  if (typeof value === 'bigint' || typeof value === 'number') return ofNumber(Number(value));
  if (typeof value !== 'string') return null;
  const [, date, time, fraction = '', zone = ''] =
    /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/.exec(
      value,
    ) ?? [];
  if (date === undefined || time === undefined) return null;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const digits = fraction.slice(1, 7);
  const offset = ['', 'Z', 'UTC'].includes(zone) ? 'Z' : zone.replace(/^(...)(\d\d)$/, '$1:$2');
  return parseDateTime(`${date}T${seconds}${digits && `.${digits}`}${offset}`);
}

/** 100,000,000,000 s are 3,000 years: more than that counts something smaller. */
const secondsMax = 100_000_000_000;

function ofNumber(value: number): number {
  let micros = value * 1_000_000;
  for (let unit = secondsMax; Math.abs(value) >= unit && micros !== value / 1_000; unit *= 1_000) {
    micros /= 1_000;
  }
  return Math.round(micros);
}
