/** Two systems under the same load, in turn. */
import type { Measured } from './load.ts';
import { type Figure, median, orientation, type Pair, withUnit } from './results.ts';
import type { Started } from './systems.ts';

const rounds = 3;

export type Both = readonly [everstate: Started, postgraphile: Started];

export function connectionsShown(count: number): string {
  return `${count} connection${count === 1 ? '' : 's'}`;
}

/** Medians of the rates, and those of p50 and p99. */
export async function inTurn(both: Both, measure: (system: Started) => Promise<Measured>, per = 1) {
  const measured: [Measured[], Measured[]] = [[], []];
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const side of [0, 1] as const) {
      const found = await measure(both[side]);
      if (round >= 0) measured[side].push(found);
    }
  }
  const rate = (found: Measured | undefined) => (found?.requestsPerSecond ?? Number.NaN) * per;
  const pairs = measured[0].map(
    (found, round): Pair => ({ everstate: rate(found), baseline: rate(measured[1][round]) }),
  );
  const shown = measured.map((found) =>
    (['p50Ms', 'p99Ms'] as const)
      .map((share) => withUnit(median(found.map((each) => each[share])), 'ms'))
      .join(' / '),
  );
  const latency: Figure = {
    ...orientation('side-by-side', 'the same, p50 / p99', shown[0] ?? ''),
    baseline: shown[1] ?? '',
  };
  return { pairs, latency, measured };
}
