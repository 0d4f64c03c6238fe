/** The chart's points: how many todos had each status, from moment to moment or change to change. */
import type { StatusCount, TimePoint, TimeUnit } from '../graphql/todos.ts';
import { roundStep } from './scale.ts';

/** Statuses in the order in which they are stacked, settled ones below. Others are `other`. */
export const statuses = ['done', 'dropped', 'blocked', 'doing', 'open', 'other'] as const;
export type Status = (typeof statuses)[number];

export type Point = Readonly<Record<Status, number>> & {
  /** Where it stands: milliseconds since 1970, or a position. */
  readonly x: number;
};

export function statusOf(status: string | null): Status {
  return statuses.find((known) => known === status) ?? 'other';
}

export function pointOf(x: number, groups: readonly StatusCount[]): Point {
  const point = { x, done: 0, dropped: 0, blocked: 0, doing: 0, open: 0, other: 0 };
  for (const { status, count } of groups) point[statusOf(status)] += count;
  return point;
}

/** Each point stands at the end of its interval; before the first there was nothing. */
export function pointsOverTime(points: readonly TimePoint[], from: number, to: number): Point[] {
  const counted = points.map(({ at, groups }) => pointOf(Math.min(Date.parse(at), to), groups));
  return [pointOf(from, []), ...counted];
}

/** In how many steps something changed: a course needs some to be one. */
export function stepsOf(points: readonly Point[]): number {
  return points.filter((point, index) => {
    const before = points[index - 1];
    return before !== undefined && statuses.some((status) => point[status] !== before[status]);
  }).length;
}

const hourMs = 3_600_000;
const unitMs: Readonly<Record<TimeUnit, number>> = {
  MINUTE: 60_000,
  HOUR: hourMs,
  DAY: 24 * hourMs,
  WEEK: 7 * 24 * hourMs,
  MONTH: 30 * 24 * hourMs,
};
const pointsMin = 20;

/** The largest unit that gives a stretch of time twenty points; null where even minutes are fewer. */
export function unitOf(from: number, to: number): TimeUnit | null {
  const units = Object.entries(unitMs) as [TimeUnit, number][];
  return units.findLast(([, ms]) => (to - from) / ms >= pointsMin)?.[0] ?? null;
}

const positionsMost = 60;

/**
 * Positions to count at, evenly from 0 to before the head. Their distance is 1, 2 or 5 and zeros: a
 * log that grows keeps them, and gets another only once in a while.
 */
export function positionsTo(head: number): number[] {
  const step = roundStep(head / positionsMost);
  const count = Math.ceil(head / step);
  return Array.from({ length: count }, (_, index) => index * step);
}
