/** Gathering keys of concurrent callers into batches. */
import DataLoader from 'dataloader';
import { limits } from '../../db/index.ts';

/** Loads one key; the answer comes from the batch that the key became part of. */
export type Gathered<Key, Value> = (key: Key) => Promise<Value>;

/**
 * Gathers keys across all requests: while `concurrentMax` batches are under way, further keys wait
 * and make up the next batch together. So the busier the server, the larger the batches.
 * @param load one query for a whole batch: values in the order of the keys.
 */
export function gather<Key, Value>(
  load: (keys: readonly Key[]) => Promise<Value[]>,
  concurrentMax: number,
): Gathered<Key, Value> {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  const startNext = () => {
    while (underWay < concurrentMax && waiting.length > 0) {
      underWay += 1;
      waiting.shift()?.();
    }
  };
  const loader = new DataLoader<Key, Value, never>(
    async (keys) => {
      try {
        return await loadEachOnce(keys, load);
      } finally {
        underWay -= 1;
        startNext();
      }
    },
    {
      cache: false,
      maxBatchSize: limits.pageRowsMax,
      batchScheduleFn: (dispatch) => {
        waiting.push(dispatch);
        // Keys of requests that arrived in the same turn of the event loop belong together.
        setImmediate(startNext);
      },
    },
  );
  return (key) => loader.load(key);
}

/** Many subscribers of one feed, or aliases of one document, ask for the same. */
async function loadEachOnce<Key, Value>(
  keys: readonly Key[],
  load: (keys: readonly Key[]) => Promise<Value[]>,
): Promise<Value[]> {
  const places = new Map<string, number>();
  const different: Key[] = [];
  const placeOf = keys.map((key) => {
    const name = JSON.stringify(key);
    const place = places.get(name) ?? different.push(key) - 1;
    places.set(name, place);
    return place;
  });
  const values = await load(different);
  return placeOf.map((place) => values[place] as Value);
}
