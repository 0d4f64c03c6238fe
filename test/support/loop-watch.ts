/**
 * Loaded into a server's process before it: tells its parent, when asked, how long its event loop
 * was held since it was asked last, and how much memory the process keeps.
 */
import { StretchMeter } from './stretch-meter.ts';

export interface Watched {
  /** Longest time that the event loop was held for. */
  readonly heldMs: number;
  /** How many times longer work takes here than where limits of that were measured. */
  readonly slowness: number;
  /** Memory in use: live objects and buffers, after garbage was collected. */
  readonly usedBytes: number;
  /** Most memory of the process since it began. */
  readonly peakBytes: number;
}

const meter = new StretchMeter();

process.on('message', () => {
  const heldMs = meter.take();
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const usedBytes = heapUsed + external;
  process.send?.({ heldMs, slowness: meter.slowness, usedBytes, peakBytes } satisfies Watched);
  // Collecting garbage held the loop, too, and is not the server's doing.
  setTimeout(() => meter.take(), 20);
});
// The parent decides when it ends, by its signals.
process.channel?.unref();
