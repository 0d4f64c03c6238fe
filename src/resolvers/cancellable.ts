/** Ending an iteration that waits. */

/**
 * A generator that waits cannot be returned from, so cancelling goes through a signal: returning
 * from this iterator ends the waiting at once.
 * @param start makes the generator, which has to end when the signal aborts.
 */
export function cancellable<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const cancel = new AbortController();
  const items = start(cancel.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => items.next(),
    return: () => {
      cancel.abort();
      return items.return();
    },
  };
}
