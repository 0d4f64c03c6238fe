/** Whether systems give the same answers: looked at before anything is measured. */
import { deepStrictEqual } from 'node:assert/strict';
import { askFor, type OperationKinds, type OperationName, type Operations } from './operations.ts';
import type { Questions } from './questions.ts';
import type { Started } from './systems.ts';

export type ReadName = Exclude<OperationName, 'update' | 'createMany'>;
export type Reads = Pick<Operations, ReadName>;

const asked = 5;

/** @throws AssertionError for the first answer that differs. */
export async function compareAnswers(
  systems: readonly [Started<Reads>, ...Started<Reads>[]],
  questions: Questions,
): Promise<void> {
  const agree = async <Name extends ReadName>(
    name: Name,
    args: readonly OperationKinds[Name]['args'][],
  ) => {
    for (const each of args) await compareOne(systems, name, () => each);
  };
  await agree('byId', questions.ids(asked * 4));
  await agree('page', [{ status: 'open' }, { status: 'done' }]);
  await agree('pageOf', questions.statusesAndUsers(asked));
  await agree('counts', [{}]);
  await agree('history', questions.ids(asked * 4));
  await agree('asOf', questions.positions(asked));
  await agree('series', questions.series(1));
  const cursors = new Map<unknown, Awaited<ReturnType<Started['deepCursor']>>>();
  for (const system of systems) cursors.set(system, await system.deepCursor('open'));
  await compareOne(systems, 'deepPage', (system) => ({
    status: 'open',
    after: cursors.get(system) ?? '',
  }));
}

async function compareOne<Name extends ReadName>(
  [first, ...others]: readonly [Started<Reads>, ...Started<Reads>[]],
  name: Name,
  argsOf: (system: Started<Reads>) => OperationKinds[Name]['args'],
): Promise<void> {
  const answer = async (system: Started<Reads>) =>
    withoutForm(await askFor(system as never, name, argsOf(system)));
  const expected = await answer(first);
  for (const other of others) {
    const message = `${first.name} and ${other.name} differ in ${name}`;
    deepStrictEqual(await answer(other), expected, message);
  }
}

/** Positions are text in some schemas and numbers in others; fields come in any order. */
function withoutForm(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value) =>
    key === 'position' ? Number(value) : value,
  );
}
