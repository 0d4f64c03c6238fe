/** What happened at the position where the slider stands: who did what, when and why. */
import { useEffect, useState } from 'react';
import { past } from '../client.ts';
import { type Happening, happeningQuery } from '../graphql/log.ts';
import { useReturns } from '../live.ts';

/** @returns the last one that is known while the next is asked for; null at now and at 0. */
export function useHappening(position: number | null): Happening | null {
  const [happening, setHappening] = useState<Happening | null>(null);
  const returns = useReturns();
  const none = position === null || position === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what failed is asked again
  useEffect(() => {
    if (none) return;
    let current = true;
    const after = String(position - 1);
    // One that is passed by within a moment is not asked for.
    const timer = setTimeout(async () => {
      const { data } = await past.query(happeningQuery, { after }).toPromise();
      if (current && data) setHappening(data.changes.changes[0] ?? null);
    }, 40);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [position, none, returns]);
  return none ? null : happening;
}
