/** What a billion versions would cost, if each cost what it costs in the largest log measured. */
import { withUnit } from './results.ts';
import type { SizeResult } from './size-results.ts';

const billion = 1e9;
/** What a smaller log costs says nothing of a large one: it is mostly what any log costs. */
const versionsMin = 100_000;

/** A row per cost, as Markdown; null before one large enough was measured. */
export function billionTable(sizes: readonly SizeResult[]): string | null {
  const largest = sizes.findLast(({ systems }) => systems.everstate);
  const costs = largest?.systems.everstate?.costs;
  if (!largest || !costs || largest.versions < versionsMin) return null;
  const { versions } = largest;
  const cost = (name: string) => costs[name] ?? Number.NaN;
  const bytes = (megabytes: number) => (megabytes * 2 ** 20) / versions;
  const anewSeconds = (cost('startAnewMs') - cost('startMs')) / 1_000;
  const space = (what: string, megabytes: number) =>
    row(what, withUnit(bytes(megabytes), 'bytes a version'), withUnit(bytes(megabytes), 'GB'));
  const time = (what: string, perSecond: number) =>
    row(what, withUnit(perSecond, 'versions/s'), shownTime(billion / perSecond));
  const scan = (what: string, ms: number) =>
    row(what, withUnit(ms, 'ms'), shownTime(((ms / 1_000) * billion) / versions));
  const head = `| what | at ${versions.toLocaleString('en')} | a billion, if all grew alike |`;
  // What changed is added to counts that are kept, so that they do not grow with the log.
  const rows = [
    space('log on disk', cost('logMb')),
    space('replica on disk', cost('replicaMb')),
    ...('fillRowsPerSecond' in costs
      ? [time('filling through the store', cost('fillRowsPerSecond'))]
      : []),
    time('replica made anew', versions / anewSeconds),
    scan('first 50 of a status, after a write to them', cost('pageTouchedMs')),
    scan('first 50 as of an earlier position', cost('asOfMs')),
    scan('counts by status at 30 positions', cost('seriesMs')),
  ];
  return [head, '| --- | --- | --- |', ...rows].join('\n');
}

function row(what: string, now: string, then: string): string {
  return `| ${what} | ${now} | ${then} |`;
}

function shownTime(seconds: number): string {
  if (seconds < 120) return withUnit(seconds, 's');
  return seconds < 7_200 ? withUnit(seconds / 60, 'minutes') : withUnit(seconds / 3_600, 'hours');
}
