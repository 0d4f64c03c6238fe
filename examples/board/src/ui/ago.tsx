/** How long ago something was, as long as one looks: "5 min ago". */
import { useSyncExternalStore } from 'react';
import { clock } from './clock.ts';
import { moment, sinceThen } from './format.ts';

export function Ago({ time }: { readonly time: string }) {
  // The words, not the time, are what is looked at: while they stay, nothing is drawn.
  const words = useSyncExternalStore(clock.onTick, () => sinceThen(time, clock.now()));
  return (
    <time dateTime={time} title={moment(time)}>
      {words}
    </time>
  );
}
