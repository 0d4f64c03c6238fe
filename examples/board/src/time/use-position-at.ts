/** Finds the last change before a moment of the clock, as fast as answers come and no faster. */
import { useEffect, useRef } from 'react';
import { past } from '../client.ts';
import { positionAtQuery } from '../graphql/log.ts';
import { useReturns } from '../live.ts';

/**
 * @param time milliseconds since 1970; null seeks nothing.
 * @param found is called with its position: for the last moment of those that were asked for
 *   meanwhile, but not for each.
 */
export function usePositionAt(time: number | null, found: (position: number) => void): void {
  const newest = useRef(time);
  const tell = useRef(found);
  const isSeeking = useRef(false);
  const returns = useReturns();
  useEffect(() => {
    tell.current = found;
  }, [found]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what failed is sought again
  useEffect(() => {
    newest.current = time;
    const seek = async () => {
      isSeeking.current = true;
      let asked: number | null = null;
      while (newest.current !== null && newest.current !== asked) {
        asked = newest.current;
        const position = await positionAt(asked);
        if (position !== null && newest.current !== null) tell.current(position);
      }
      isSeeking.current = false;
    };
    if (time !== null && !isSeeking.current) seek();
  }, [time, returns]);
}

/** Null when the server does not answer. */
async function positionAt(time: number): Promise<number | null> {
  const asOf = { time: new Date(time).toISOString() };
  const { data } = await past.query(positionAtQuery, { asOf }).toPromise();
  if (!data) return null;
  const last = [...data.todos.edges, ...data.lakeFiles.edges];
  return Math.max(0, ...last.map(({ node }) => Number(node.position)));
}
