/** Filling an empty log, one version per transaction, against COPY into PostgreSQL. */
import { join } from 'node:path';
import { Todo } from '../src/entities/index.ts';
import { type Dataset, openTodos } from './dataset.ts';
import { makeTemporary, removeTemporary } from './leftovers.ts';
import { drawIndex, randomFrom } from './random.ts';
import { comparison, type Figure } from './results.ts';
import { drawPatch, drawTodo } from './todo-values.ts';

const transactionsMax = 100_000;
const atOnce = 512;

/** @param copySeconds what PostgreSQL took for the whole dataset, indexes included. */
export async function compareFilling(dataset: Dataset, copySeconds: number): Promise<Figure[]> {
  const transactions = Math.min(dataset.versions, transactionsMax);
  const seconds = await fillSeconds(join(dataset.directory, '..'), transactions);
  const pair = {
    everstate: transactions / seconds,
    baseline: dataset.versions / copySeconds,
  };
  const what =
    `filling a log, ${transactions} transactions of one version each, ${atOnce} at a time, ` +
    'against COPY of all rows at once';
  const about = { benchmark: 'side-by-side', unit: 'rows/s', better: 'more' } as const;
  return [comparison({ ...about, what }, [pair])];
}

async function fillSeconds(cache: string, transactions: number): Promise<number> {
  const directory = makeTemporary(join(cache, 'filling-'));
  const store = await openTodos(directory);
  try {
    const random = randomFrom(22);
    const ids: string[] = [];
    const begin = performance.now();
    for (let done = 0; done < transactions; done += atOnce) {
      const known = ids.length;
      const writes = Array.from({ length: Math.min(atOnce, transactions - done) }, (_, number) => {
        if (known === 0 || number % 4 === 0) {
          return store.append(Todo, drawTodo(random)).then(({ id }) => void ids.push(id));
        }
        const id = ids[drawIndex(random, known)] as string;
        return store.update(Todo, id, drawPatch(random));
      });
      await Promise.all(writes);
    }
    // Filled means readable: the replica has it all, too.
    await store.list(Todo, { limit: 1 });
    return (performance.now() - begin) / 1_000;
  } finally {
    await store.close();
    removeTemporary(directory);
  }
}
