/**
 * A checker of histories. A history is strictly serializable when its operations can be put into one
 * order in which each sees exactly what those before it wrote, and in which an operation that ended
 * before another began also comes before it. Finding such an order is hard in general (Papadimitriou,
 * The Serializability of Concurrent Database Updates, 1979); here the server names one: the position
 * at which it says each operation answered. So only that order has to be checked, which is simple:
 *
 * 1. appends that were acknowledged are in the log at their positions, those refused are not, and
 *    nothing is there that nobody sent: no lost update, no dirty write;
 * 2. a read at a position saw of each list what the log holds up to there: no dirty, torn or stale
 *    read;
 * 3. positions do not run against real time.
 *
 * As in Elle (Kingsbury and Alvaro, 2020), what is written are appends of unique elements to lists.
 */

/** A moment by the clients' one clock, in milliseconds. */
type Moment = number;

interface Performed {
  readonly client: number;
  readonly invoked: Moment;
  /** When the answer came; null when none did. */
  readonly completed: Moment | null;
}

/** Several lists read in one operation. */
interface Read extends Performed {
  readonly kind: 'read';
  readonly position: number;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

interface Append extends Performed {
  readonly kind: 'append';
  readonly list: string;
  /** Unique in the history. */
  readonly element: string;
  /** Unknown: the server was gone before it answered. */
  readonly outcome: 'done' | 'refused' | 'unknown';
  /** Where it was committed; null unless it is done. */
  readonly position: number | null;
}

export type HistoryEvent = Read | Append;

/** What the log holds in the end, in its order. */
export interface Logged {
  readonly position: number;
  readonly list: string;
  readonly element: string;
}

/** The first thing that speaks against strict serializability, in words; null when nothing does. */
export function findViolation(
  history: readonly HistoryEvent[],
  log: readonly Logged[],
): string | null {
  return (
    findWrongWrite(history, log) ?? findWrongRead(history, log) ?? findTimeTurned(history, log)
  );
}

function findWrongWrite(history: readonly HistoryEvent[], log: readonly Logged[]): string | null {
  const logged = new Map(log.map((each) => [each.element, each]));
  if (logged.size !== log.length) return 'An element was appended twice.';
  const sent = new Map<string, Append>();
  for (const event of history) if (event.kind === 'append') sent.set(event.element, event);
  for (const { element, list } of log) {
    const append = sent.get(element);
    if (!append) return `Nobody appended ${element}, but it is in ${list}.`;
    if (append.list !== list) return `${element} was meant for ${append.list}, but is in ${list}.`;
    if (append.outcome === 'refused') return `${element} was refused, but is in ${list}.`;
  }
  for (const { element, outcome, position } of sent.values()) {
    if (outcome !== 'done') continue;
    const found = logged.get(element)?.position;
    if (found !== position) {
      return `${element} was acknowledged at ${position}, but is at ${found ?? 'no position'}.`;
    }
  }
  return null;
}

function findWrongRead(history: readonly HistoryEvent[], log: readonly Logged[]): string | null {
  for (const event of history) {
    if (event.kind !== 'read') continue;
    for (const [list, seen] of Object.entries(event.lists)) {
      const there = log
        .filter((each) => each.list === list && each.position <= event.position)
        .map(({ element }) => element);
      if (there.join() === seen.join()) continue;
      return `A read at ${event.position} saw ${list} as [${seen}], but it was [${there}].`;
    }
  }
  return null;
}

function findTimeTurned(history: readonly HistoryEvent[], log: readonly Logged[]): string | null {
  const logged = new Map(log.map(({ element, position }) => [element, position]));
  // What was sent and is nowhere never happened.
  const placed = history
    .map((event) => ({
      event,
      position: event.kind === 'read' ? event.position : (logged.get(event.element) ?? null),
    }))
    .filter((each) => each.position !== null) as { event: HistoryEvent; position: number }[];
  const ended = placed
    .filter(({ event }) => event.completed !== null)
    .sort((a, b) => (a.event.completed as number) - (b.event.completed as number));
  const begun = placed.toSorted((a, b) => a.event.invoked - b.event.invoked);
  let next = 0;
  let reached = 0;
  for (const { event, position } of begun) {
    for (; next < ended.length; next += 1) {
      const before = ended[next] as (typeof ended)[number];
      if ((before.event.completed as number) >= event.invoked) break;
      reached = Math.max(reached, before.position);
    }
    // A write comes after what it could have seen; a read may stand at the same position.
    if (event.kind === 'append' ? position > reached : position >= reached) continue;
    return `The ${event.kind} at ${position} began after one at ${reached} had ended.`;
  }
  return null;
}
