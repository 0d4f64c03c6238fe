/** Kept answers under full write load: what they save, and what deciding about them costs. */
import type { Store } from '../src/db/index.ts';
import { openStore } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { type Dataset, readIds, withCopy } from './dataset.ts';
import { drawIndex, randomFrom } from './random.ts';
import { comparison, type Figure, type Pair } from './results.ts';
import { drawPatch } from './todo-values.ts';

const questionCount = 200;
const writers = 32;
const askers = 4;
const rounds = 3;
const secondsPerRound = 3;

interface Rates {
  readonly writesPerSecond: number;
  readonly answersPerSecond: number;
}

export function measureKept(dataset: Dataset): Promise<Figure[]> {
  return withCopy(dataset, (kept) => withCopy(dataset, (afresh) => measure(kept, afresh)));
}

async function measure(keptDirectory: string, afreshDirectory: string): Promise<Figure[]> {
  const options = { entities: shippedEntities };
  const kept = await openStore({ ...options, directory: keptDirectory });
  const afresh = await openStore({
    ...options,
    directory: afreshDirectory,
    keptAnswersBytesMax: 0,
  });
  try {
    const ids = readIds(keptDirectory);
    const asking: { kept: Rates; afresh: Rates }[] = [];
    const quiet: Pair[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // The kept answers of the round before are there, and nobody asks for them.
      const pair = {
        everstate: (await load(kept, ids, 0)).writesPerSecond,
        baseline: (await load(afresh, ids, 0)).writesPerSecond,
      };
      const rates = {
        kept: await load(kept, ids, askers),
        afresh: await load(afresh, ids, askers),
      };
      if (round === 0) continue;
      quiet.push(pair);
      asking.push(rates);
    }
    const about = { benchmark: 'kept', unit: '/s', better: 'more' } as const;
    const pairs = (name: keyof Rates) =>
      asking.map((rates) => ({ everstate: rates.kept[name], baseline: rates.afresh[name] }));
    const what = `of ${questionCount} questions by ${askers} askers, beside ${writers} writers, against working out afresh`;
    return [
      comparison({ ...about, what: `answers ${what}` }, pairs('answersPerSecond')),
      comparison({ ...about, what: `writes beside the answers ${what}` }, pairs('writesPerSecond')),
      comparison(
        {
          ...about,
          what: `writes with ${questionCount} kept answers that nobody asks for, against none`,
        },
        quiet,
      ),
    ];
  } finally {
    await kept.close();
    await afresh.close();
  }
}

/** Writes at full rate for a round, and has so many ask all the while. */
async function load(store: Store, ids: readonly string[], askerCount: number): Promise<Rates> {
  const random = randomFrom(7);
  const until = performance.now() + secondsPerRound * 1_000;
  const counts = { writes: 0, answers: 0 };
  const write = async () => {
    while (performance.now() < until) {
      const id = ids[drawIndex(random, ids.length)] as string;
      const { changed } = await store.update(Todo, id, drawPatch(random));
      if (changed) counts.writes += 1;
    }
  };
  const ask = async () => {
    while (performance.now() < until) {
      await questions[counts.answers % questionCount]?.(store);
      counts.answers += 1;
    }
  };
  await Promise.all([
    ...Array.from({ length: writers }, write),
    ...Array.from({ length: askerCount }, ask),
  ]);
  return {
    writesPerSecond: counts.writes / secondsPerRound,
    answersPerSecond: counts.answers / secondsPerRound,
  };
}

/** Pages, counts and groups of many users and states. */
const questions: readonly ((store: Store) => Promise<unknown>)[] = Array.from(
  { length: questionCount },
  (_, number) => {
    const status = { eq: ['open', 'doing', 'done'][number % 3] as string };
    const filter = { status, userId: { eq: `user-${number % 100}` } };
    if (number % 4 === 1) return (store: Store) => store.count(Todo, { filter });
    if (number % 4 === 2) return (store: Store) => store.groups(Todo, { by: ['priority'], filter });
    return (store: Store) => store.list(Todo, { filter, limit: 50 });
  },
);
