/** How long an update takes until it reaches those who follow. */
import { askFor } from './operations.ts';
import type { Questions } from './questions.ts';
import { median } from './results.ts';
import { clockMs, Subscribers } from './subscribers.ts';
import type { Started } from './systems.ts';

const warmUpWrites = 10;
const writes = 60;

/** From the sending of each update until its event, the median of the subscribers, in ms. */
export async function eventLatency(
  system: Started,
  questions: Questions,
  count: number,
): Promise<number[]> {
  const document = system.events ?? '';
  const order = { url: system.url, document, transport: 'WebSocket', count } as const;
  const subscribers = await Subscribers.start(order);
  try {
    const times: number[] = [];
    const [updates = []] = questions.updates(1, warmUpWrites + writes, 1);
    for (const update of updates) {
      const sentMs = clockMs();
      await askFor(system, 'update', update);
      const atMs = await subscribers.arrivals(update.id);
      times.push(median(atMs) - sentMs);
    }
    return times.slice(warmUpWrites);
  } finally {
    await subscribers.close();
  }
}
