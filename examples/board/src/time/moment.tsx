/**
 * The moment that the whole board shows: now, or right after some position of the log. What is
 * shown follows the slider as fast as answers come, and no faster.
 */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Provider, useQuery } from 'urql';
import { isPastBusy, past, present } from '../client.ts';
import { type AsOf, logQuery } from '../graphql/log.ts';
import { useAfterChanges } from '../live.ts';
import { useKept } from './use-kept.ts';
import { usePositionAt } from './use-position-at.ts';

export interface Moment {
  /** The last position of the log. */
  readonly head: number;
  /** When the first and the last change were committed; null while nothing was written. */
  readonly began: string | null;
  readonly ended: string | null;
  /** Where the slider stands; null is now. */
  readonly wanted: number | null;
  /** The moment of the clock that was asked for, in milliseconds since 1970; null for a position. */
  readonly time: number | null;
  /** What queries are asked with: it follows `wanted`. */
  readonly asOf: AsOf;
  /** Stands at a position; null, or the head and beyond, is now. */
  readonly goTo: (position: number | null) => void;
  /** Stands at the last change before a moment of the clock. */
  readonly goToTime: (time: number) => void;
}

const MomentContext = createContext<Moment>({
  head: 0,
  began: null,
  ended: null,
  wanted: null,
  time: null,
  asOf: null,
  goTo: () => {},
  goToTime: () => {},
});

export function useMoment(): Moment {
  return useContext(MomentContext);
}

const always = () => true;

export function MomentProvider({ children }: { readonly children: ReactNode }) {
  const [answer, ask] = useQuery({ query: logQuery });
  const data = useKept(answer.data);
  const askAgain = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useAfterChanges(askAgain, always);
  const head = Number(data?.log.position ?? 0);
  const [wanted, setWanted] = useState(positionOfUrl);
  // A link may name a moment that is now, or has not been yet.
  if (data && wanted !== null && wanted >= head) setWanted(null);
  const at = usePaced(wanted);
  const [time, setTime] = useState<number | null>(null);
  const standAt = useCallback(
    (position: number | null) =>
      setWanted(position === null || position >= head ? null : Math.max(0, position)),
    [head],
  );
  usePositionAt(time, standAt);
  const began = data?.changes.changes[0]?.version.committedAt ?? null;
  const ended = data?.log.committedAt ?? null;
  const goTo = useCallback(
    (position: number | null) => {
      setTime(null);
      standAt(position);
    },
    [standAt],
  );
  const goToTime = useCallback(
    (to: number) => {
      if (ended === null || to >= Date.parse(ended)) return goTo(null);
      if (began === null || to < Date.parse(began)) return goTo(0);
      setTime(to);
    },
    [began, ended, goTo],
  );
  useEffect(() => {
    const timer = setTimeout(() => putIntoUrl(wanted), 250);
    return () => clearTimeout(timer);
  }, [wanted]);
  const moment = useMemo(
    () => ({
      head,
      began,
      ended,
      wanted,
      time,
      asOf: at === null ? null : { position: String(at) },
      goTo,
      goToTime,
    }),
    [head, began, ended, wanted, time, at, goTo, goToTime],
  );
  return <MomentContext.Provider value={moment}>{children}</MomentContext.Provider>;
}

/** What asks for the moment's state: each answer is of the present, or of the past, as a whole. */
export function AtMoment({ children }: { readonly children: ReactNode }) {
  const { asOf } = useMoment();
  return <Provider value={asOf === null ? present : past}>{children}</Provider>;
}

/** Between two questions about the past, and how long one may be waited for before the next. */
const paceMs = { least: 80, most: 1_000, look: 20 };

/** Follows a position: at once to now, else when the answers to the last question are there. */
function usePaced(wanted: number | null): number | null {
  const [at, setAt] = useState(wanted);
  const since = useRef(0);
  useEffect(() => {
    if (wanted === at) return;
    const follow = () => {
      const waited = Date.now() - since.current;
      const pause = isPastBusy() ? paceMs.most : paceMs.least;
      if (wanted !== null && waited < pause) return;
      since.current = Date.now();
      setAt(wanted);
    };
    // At once where that is due: a slider that never rests would put off every timer.
    follow();
    const timer = setInterval(follow, paceMs.look);
    return () => clearInterval(timer);
  }, [wanted, at]);
  return at;
}

function positionOfUrl(): number | null {
  const given = new URLSearchParams(location.search).get('at') ?? '';
  return /^\d{1,15}$/.test(given) ? Number(given) : null;
}

function putIntoUrl(position: number | null): void {
  const url = new URL(location.href);
  if (position === null) url.searchParams.delete('at');
  else url.searchParams.set('at', String(position));
  if (url.href !== location.href) history.replaceState(null, '', url);
}
