/** The one scale of chart, marker and slider, and where on it numbers are written. */

/** What the chart runs along: the clock, or the changes one by one. */
export type Axis = 'time' | 'changes';

export interface Scale {
  readonly axis: Axis;
  /** Milliseconds since 1970, or positions. */
  readonly from: number;
  readonly to: number;
}

/** How far along a place stands, from 0 to 1. */
export function fractionOf({ from, to }: Scale, place: number): number {
  return to > from ? Math.min(1, Math.max(0, (place - from) / (to - from))) : 1;
}

export function placeAt({ from, to }: Scale, fraction: number): number {
  return from + (to - from) * fraction;
}

/** The least of 1, 2, 5, 10, 20 … that is no less than a number. */
export function roundStep(least: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return ten * ([1, 2, 5, 10].find((factor) => factor * ten >= least) ?? 10);
}

const ticksMost = 10;

/** Where the axis has its numbers. */
export function ticksOf({ axis, from, to }: Scale): number[] {
  if (axis === 'time') return timeTicks(from, to);
  const step = roundStep((to - from) / ticksMost);
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => from + index * step);
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const monthMs = 30 * dayMs;

/** Steps of the calendar, which are not always equally long. */
const calendar = [
  ...[1, 5, 15, 30, 60, 180, 360, 720].map((size) => ({ unit: 'minute', size, ms: minuteMs })),
  ...[1, 2, 7, 14].map((size) => ({ unit: 'day', size, ms: dayMs })),
  ...[1, 3, 6, 12].map((size) => ({ unit: 'month', size, ms: monthMs })),
] as const;
const longest = { unit: 'month', size: 60, ms: monthMs } as const;

function timeTicks(from: number, to: number): number[] {
  const least = (to - from) / ticksMost;
  const { unit, size } = calendar.find((it) => it.size * it.ms >= least) ?? longest;
  const begin = new Date(from);
  const [year, month, day] = [begin.getFullYear(), begin.getMonth(), begin.getDate()];
  const tick = (index: number) => {
    if (unit === 'minute') return new Date(year, month, day, 0, index * size);
    if (unit === 'day') return new Date(year, month, day + index * size);
    return new Date(year, month - (month % size) + index * size, 1);
  };
  const ticks: number[] = [];
  for (let index = 0; tick(index).getTime() <= to; index += 1) ticks.push(tick(index).getTime());
  return ticks.filter((it) => it >= from);
}

const timeOfDay = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const dayOfYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const monthOfYear = new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric' });
const whole = new Intl.NumberFormat('en');

/** What is written at a tick: "10:30", "3 Nov", "Nov 2026", "1,200". */
export function tickText({ axis, from, to }: Scale, tick: number): string {
  if (axis === 'changes') return whole.format(tick);
  const date = new Date(tick);
  if (to - from > ticksMost * monthMs) return monthOfYear.format(date);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return (isMidnight ? dayOfYear : timeOfDay).format(date);
}
