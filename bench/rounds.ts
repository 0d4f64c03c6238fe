/** Taking turns: what else the machine does then hits Everstate and its baseline alike. */
import type { Pair } from './results.ts';

/** Measures one after the other, round after round; a first round warms up and is dropped. */
export async function takeTurns(
  rounds: number,
  everstate: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<Pair[]> {
  await everstate();
  await baseline();
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    pairs.push({ everstate: await everstate(), baseline: await baseline() });
  }
  return pairs;
}
