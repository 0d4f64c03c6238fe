/** What the board shows, and how much of it is known: the server may be away. */
import type { Happening } from '../graphql/log.ts';
import { useLiveState } from '../live.ts';
import type { Moment } from './moment.tsx';
import { useHappening } from './use-happening.ts';

export interface Shown {
  readonly isPast: boolean;
  /** Whether the server is away. What is shown then is what was known last. */
  readonly isOffline: boolean;
  /** When that moment was; null at now, before the first change, and while it is not known. */
  readonly time: string | null;
  /** What happened there; null while it is not known. */
  readonly happening: Happening | null;
}

export function useShown({ wanted, time }: Moment): Shown {
  const isOffline = useLiveState() === 'lost';
  const last = useHappening(wanted);
  const isTold = wanted !== null && last?.position === String(wanted);
  // The one before is shown while the next is on its way, but not when none may come.
  const happening = isTold || !isOffline ? last : null;
  const sought = time === null ? null : new Date(time).toISOString();
  return {
    isPast: wanted !== null || time !== null,
    isOffline,
    time: sought ?? happening?.version.committedAt ?? null,
    happening,
  };
}
