/** Timing. */

/** How long the work takes, in milliseconds. */
export async function timeMs(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** How long each of `count` runs takes, in milliseconds, one after another. */
export async function timesMs(count: number, work: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < count; run += 1) times.push(await timeMs(work));
  return times;
}

/**
 * Waits until the condition holds, asking every 5 ms.
 * @throws Error after `limitMs`.
 */
export async function until(condition: () => unknown, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms for nothing.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
