/** What keeps a data directory in order: its log made smaller, or cleared. */
export { type ClearOptions, runClear } from './clear-command.ts';
export { runCompact } from './compact-command.ts';
