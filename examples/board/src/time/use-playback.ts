/** Plays the log back: the slider moves by itself until it arrives at now. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useMoment } from './moment.tsx';

export const speeds = [1, 2, 4, 8] as const;
export type Speed = (typeof speeds)[number];

/** At the lowest speed a log is played in this time, but no slower than two changes a second. */
const wholeLogMs = 90_000;
const tickMs = 100;

export function usePlayback() {
  const { head, wanted, goTo } = useMoment();
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>(1);
  const place = useRef(0);
  const perTick = Math.max(head / wholeLogMs, 2 / 1_000) * tickMs * speed;

  useEffect(() => {
    // Someone who moves the slider meanwhile is followed.
    if (wanted !== null && Math.floor(place.current) !== wanted) place.current = wanted;
  }, [wanted]);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      place.current += perTick;
      if (place.current >= head) setPlaying(false);
      goTo(Math.floor(place.current));
    }, tickMs);
    return () => clearInterval(timer);
  }, [playing, perTick, head, goTo]);

  const toggle = useCallback(() => {
    // From now there is nothing to play: it begins at the beginning.
    if (wanted === null) place.current = 0;
    setPlaying(!playing);
  }, [playing, wanted]);
  const stop = useCallback(() => setPlaying(false), []);
  return { playing, toggle, stop, speed, setSpeed };
}
