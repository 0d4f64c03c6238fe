/** Events for as long as it is known who asks for them. */
import { clearTimeout, setTimeout } from 'node:timers';

/** Longest time that a timer of Node can wait, in milliseconds. */
const timerMaxMs = 2 ** 31 - 1;

/** Calls at a moment, however far it is. @returns calls it off. */
export function atMoment(moment: number, call: () => void): () => void {
  if (moment === Number.POSITIVE_INFINITY) return () => {};
  let timer: NodeJS.Timeout;
  const wait = () => {
    const leftMs = moment - Date.now();
    if (leftMs > timerMaxMs) timer = setTimeout(wait, timerMaxMs).unref();
    else timer = setTimeout(call, leftMs).unref();
  };
  wait();
  return () => clearTimeout(timer);
}

/**
 * The same events until a moment, in milliseconds since 1970; then a last one, and the end.
 * @param last says why no more come.
 */
export function whileKnown<Event>(
  events: AsyncIterable<Event>,
  untilMs: number,
  last: () => Event,
): AsyncIterableIterator<Event> {
  const source = events[Symbol.asyncIterator]();
  const done = { done: true, value: undefined } as const;
  let state: 'open' | 'over' | 'ended' = 'open';
  /** Ends the wait for an event that is asked for. */
  let stopWaiting: () => void = () => {};
  const callOff = atMoment(untilMs, () => {
    state = 'over';
    stopWaiting();
  });
  const end = async (): Promise<IteratorResult<Event>> => {
    state = 'ended';
    callOff();
    stopWaiting();
    await source.return?.();
    return done;
  };
  /** The next event; null when it is over before there is one. */
  const next = () =>
    new Promise<IteratorResult<Event> | null>((resolve, reject) => {
      stopWaiting = () => resolve(null);
      if (state === 'open') source.next().then(resolve, reject);
      else stopWaiting();
    });
  const stateNow = () => state;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const found = await next();
      if (stateNow() === 'ended') return done;
      if (found && stateNow() === 'open') {
        if (found.done) await end();
        return found;
      }
      await end();
      return { done: false, value: last() };
    },
    return: end,
  };
}
