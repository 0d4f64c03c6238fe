/**
 * The order of the test files: those that take longest begin first, so that none of them is left
 * for the end, when it would run alone.
 */
import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those known to take longer than their size tells. */
const longest = [
  'durability',
  'workers',
  'serve',
  'board',
  'replica-faults',
  'graphiql',
  'guides',
  'package',
  'board-writes',
  'closing',
  'isolation',
  'token-command',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const known = longest.indexOf(basename(moduleId, '.test.ts'));
      return known < 0 ? longest.length : known;
    };
    // All others by what the last run took, or by their size.
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
