/** Taking turns: what else the machine does then hits Everstate and its baseline alike. */
import type { Pair } from './results.ts';

/**
 * Measures one after the other, round after round.
 * @param warmUp how many rounds come first and are dropped.
 */
export async function takeTurns(
  rounds: number,
  everstate: () => Promise<number>,
  baseline: () => Promise<number>,
  warmUp = 1,
): Promise<Pair[]> {
  for (let round = 0; round < warmUp; round += 1) {
    await everstate();
    await baseline();
  }
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    pairs.push({ everstate: await everstate(), baseline: await baseline() });
  }
  return pairs;
}
