/**
 * Loaded into a server's process before it: tells its parent, when asked, how long its event loop
 * was held since it was asked last, and how much memory the process keeps.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Watched {
  /** Longest time that the event loop was held for. */
  readonly heldMs: number;
  /** Memory in use: live objects and buffers, after garbage was collected. */
  readonly usedBytes: number;
  /** Most memory of the process since it began. */
  readonly peakBytes: number;
}

const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();

process.on('message', () => {
  const heldMs = delays.max / 1e6;
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.send?.({ heldMs, usedBytes: heapUsed + external, peakBytes } satisfies Watched);
  // Collecting garbage held the loop, too, and is not the server's doing.
  setTimeout(() => delays.reset(), 50);
});
// The parent decides when it ends, by its signals.
process.channel?.unref();
