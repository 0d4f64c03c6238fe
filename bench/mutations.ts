/** Very many mutations at random, over HTTP. */
import type { Dataset } from './dataset.ts';
import { ask } from './load.ts';
import { Questions } from './questions.ts';
import { draw, randomFrom } from './random.ts';
import type { Server } from './server.ts';
import { drawPatch, drawTodo } from './todo-values.ts';

const mutationsMax = 100_000;
const mutationsPerRequest = 20;
const writers = 8;

const transact = `mutation($operations: [OperationInput!]!) {
  transact(operations: $operations) {
    ... on TransactPayload { transaction { id } }
    ... on Problem { code message }
  }
}`;

/** How many there are for a log of that size: a tenth of its versions at most. */
export function mutationsOf(dataset: Dataset): number {
  return Math.min(mutationsMax, dataset.versions / 10);
}

/** Mostly updates of todos at random, some new ones, and some that are deleted. */
export async function mutate(server: Server, dataset: Dataset): Promise<void> {
  const random = randomFrom(42);
  const questions = new Questions(dataset, 42);
  const ids = questions.shuffled(questions.allIds);
  // Apart from those that are updated: requests under way may overtake each other.
  const doomed = ids.splice(0, ids.length / 5);
  const drawOperation = (): object => {
    const chance = random();
    if (chance < 0.2) return { createTodo: drawTodo(random) };
    if (chance < 0.25) {
      const id = doomed.pop();
      if (id !== undefined) return { deleteTodo: { id } };
    }
    return { updateTodo: { id: draw(random, ids), ...drawPatch(random) } };
  };
  let left = Math.ceil(mutationsOf(dataset) / mutationsPerRequest);
  const write = async () => {
    while (left > 0) {
      left -= 1;
      const some = Array.from({ length: mutationsPerRequest }, drawOperation);
      const answer = await ask(server.url, transact, { operations: some });
      const { transact: made } = answer as { transact: { code?: string } };
      if (made.code !== undefined) throw new Error(JSON.stringify(made));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}
