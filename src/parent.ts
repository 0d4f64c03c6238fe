/**
 * npx starts a command through a shell. Told to stop, it stops the shell, which passes nothing on:
 * the command would be left behind. (`npm start` has the shell replaced, by `exec`.)
 */
import { clearInterval, setInterval } from 'node:timers';

/** How often it is looked whether the shell is there still. */
const lookIntervalMs = 250;

/** Calls back once the shell has ended that npx started this process through, if npx did. */
export function onParentEnd(ended: () => void): void {
  if (process.env.npm_lifecycle_event !== 'npx') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ended();
  }, lookIntervalMs).unref();
}
