/** Imported into a server's process before its own code: tells the parent of its loop's gaps. */
import { LoopGap, longestGap } from './loop-gap.ts';

const gap = new LoopGap();
process.on('message', (question) => {
  if (question === longestGap) process.send?.(gap.take());
});
// Listening to the parent must not keep a process from ending.
process.channel?.unref();
