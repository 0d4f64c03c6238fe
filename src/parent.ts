/**
 * npm and npx start a command through a shell, which does not pass on the signals that npm sends it:
 * it ends, and leaves the command behind.
 */
import { clearInterval, setInterval } from 'node:timers';

/** How often it is looked whether the shell is there still. */
const lookIntervalMs = 250;

/** Calls back once the shell has ended that npm or npx started this process through, if one did. */
export function onParentEnd(ended: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ended();
  }, lookIntervalMs).unref();
}
