/** The calendar in UTC: stretches of time in intervals of one unit. */
import { BadRequest, limits } from '../db/index.ts';
import type { Microseconds } from '../entities/index.ts';

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

/**
 * The ends of the calendar's intervals from the one that holds `from` to the last that begins
 * before `to`. An end is the first moment that is no longer in its interval.
 * @throws BadRequest when `from` is not before `to`, or there are too many intervals.
 */
export function intervalEnds(
  from: Microseconds,
  to: Microseconds,
  every: TimeUnit,
): Microseconds[] {
  if (from >= to) throw new BadRequest('from', 'must be before `to`, but was not.');
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
    ends.push(date.getTime() * 1000);
  }
  return ends;
}
