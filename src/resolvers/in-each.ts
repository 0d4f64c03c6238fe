/** Making a change for each of several inputs, all or none. */
import { InvalidInput, limits, Problem, problemAt, type Updated } from '../db/index.ts';

/** So many inputs are tried together at a time: others have turns of the event loop in between. */
const togetherMax = 64;

/**
 * Makes the change of each input in turn. Inputs that break rules are all told of, up to
 * limits.bulkIssuesMax issues: whoever mends a file of ten thousand rows wants to do it once.
 * @param many makes the changes of the first of several inputs, as many as go through together.
 * @throws the first other problem, with the place of its input.
 */
export async function inEach<Input>(
  inputs: readonly Input[],
  placeOf: (index: number, input: Input) => readonly string[],
  change: (input: Input) => Promise<Updated>,
  many: ((inputs: readonly Input[]) => Promise<readonly Updated[]>) | null = null,
): Promise<Updated[]> {
  const results: Updated[] = [];
  const invalid: InvalidInput['issues'][number][] = [];
  let index = 0;
  while (index < inputs.length && invalid.length < limits.bulkIssuesMax) {
    const made = many ? await many(inputs.slice(index, index + togetherMax)) : [];
    if (made.length > 0) {
      results.push(...made);
      index += made.length;
      continue;
    }
    const input = inputs[index] as Input;
    try {
      results.push(await change(input));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const problem = problemAt(error, placeOf(index, input));
      if (problem instanceof InvalidInput) invalid.push(...problem.issues);
      else if (invalid.length === 0) throw problem;
      else break;
    }
    index += 1;
  }
  if (invalid.length > 0) throw new InvalidInput(invalid.slice(0, limits.bulkIssuesMax));
  return results;
}

/** @throws InvalidInput when there are no inputs, or more than limits.bulkRecordsMax. */
export function refuseCount(argument: string, count: number): void {
  if (count >= 1 && count <= limits.bulkRecordsMax) return;
  const message = `must be from 1 to ${limits.bulkRecordsMax}, but were ${count}.`;
  throw new InvalidInput([{ path: [argument], message }]);
}
