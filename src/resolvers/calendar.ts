/** The calendar in UTC: stretches of time in intervals of one unit. */
import { BadRequest, limits } from '../db/index.ts';
import { formatDateTime, type Microseconds, parseDateTime } from '../entities/index.ts';

export type TimeUnit = 'MINUTE' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

interface Calendar {
  /** Takes a date back to the beginning of its interval. */
  readonly begin: (date: Date) => void;
  /** Moves a date on by one interval. */
  readonly advance: (date: Date) => void;
}

const beginDay = (date: Date) => date.setUTCHours(0, 0, 0, 0);
const calendars: Readonly<Record<TimeUnit, Calendar>> = {
  MINUTE: {
    begin: (date) => date.setUTCSeconds(0, 0),
    advance: (date) => date.setUTCMinutes(date.getUTCMinutes() + 1),
  },
  HOUR: {
    begin: (date) => date.setUTCMinutes(0, 0, 0),
    advance: (date) => date.setUTCHours(date.getUTCHours() + 1),
  },
  DAY: {
    begin: beginDay,
    advance: (date) => date.setUTCDate(date.getUTCDate() + 1),
  },
  WEEK: {
    begin: (date) => {
      beginDay(date);
      // Monday is the first day, Sunday the seventh.
      date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    },
    advance: (date) => date.setUTCDate(date.getUTCDate() + 7),
  },
  MONTH: {
    begin: (date) => {
      beginDay(date);
      date.setUTCDate(1);
    },
    advance: (date) => date.setUTCMonth(date.getUTCMonth() + 1),
  },
};

/** RFC 3339 writes a year with four digits. */
const lastYear = 9999;

/**
 * The ends of the calendar's intervals from the one that holds `from` to the last that begins
 * before `to`. An end is the first moment that is no longer in its interval.
 * @throws BadRequest when `from` is not before `to`, there are too many intervals, or one of them
 *   ends after what a text can say.
 */
export function intervalEnds(
  from: Microseconds,
  to: Microseconds,
  every: TimeUnit,
): Microseconds[] {
  if (from >= to) {
    const message = `must be before \`to\`, which is ${formatDateTime(to)}, but was ${formatDateTime(from)}.`;
    throw new BadRequest('from', message);
  }
  const { begin, advance } = calendars[every];
  const date = new Date(Math.floor(from / 1000));
  begin(date);
  const ends: Microseconds[] = [];
  while (date.getTime() * 1000 < to) {
    if (ends.length === limits.timePointsMax) {
      const message = `gives more than ${limits.timePointsMax} intervals. Ask for longer ones.`;
      throw new BadRequest('every', message);
    }
    advance(date);
    if (date.getUTCFullYear() > lastYear) {
      throw new BadRequest('to', `gives an interval that ends after the year ${lastYear}.`);
    }
    ends.push(date.getTime() * 1000);
  }
  return ends;
}

/** About how long an interval is, the shortest of its kind: in microseconds. */
const lengths: Readonly<Record<TimeUnit, number>> = {
  MINUTE: 60e6,
  HOUR: 3_600e6,
  DAY: 86_400e6,
  WEEK: 7 * 86_400e6,
  MONTH: 28 * 86_400e6,
};

/**
 * At most how many intervals there will be, told from arguments as they came.
 * @returns 0 for what is no moment: it will be refused.
 */
export function intervalCount(from: unknown, to: unknown, every: TimeUnit): number {
  const [begin, end] = [from, to].map((text) => parseDateTime(String(text)) ?? 0);
  const count = Math.ceil(((end as number) - (begin as number)) / (lengths[every] ?? Infinity)) + 1;
  return Math.min(Math.max(count, 0), limits.timePointsMax);
}
