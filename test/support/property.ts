/** Properties over random input; the seed that repeats a run is printed in any case. */
import fc from 'fast-check';
import { TestRunner } from 'vitest';

/** Of the time that a test may take: past it a failure is told as small as it is by then, before the test is. */
const shareOfTime = 0.8;

/**
 * Checks a property on `numRuns` random inputs.
 * Set PROPERTY_SEED to the printed seed to repeat a run, PROPERTY_RUNS for more or fewer inputs.
 */
export async function checkProperty<T>(
  name: string,
  input: fc.Arbitrary<T>,
  numRuns: number,
  predicate: (value: T) => Promise<void>,
): Promise<void> {
  const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
  console.log(`${name}: PROPERTY_SEED=${seed}`);
  const asked = process.env.PROPERTY_RUNS;
  await fc.assert(fc.asyncProperty(input, predicate), {
    seed,
    numRuns: Number(asked ?? numRuns),
    ...(asked === undefined && {
      interruptAfterTimeLimit: shareOfTime * (TestRunner.getCurrentTest()?.timeout ?? Infinity),
      markInterruptAsFailure: true,
    }),
  });
}
