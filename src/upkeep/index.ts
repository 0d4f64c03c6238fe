/** What keeps a data directory in order: its log made smaller, or cleared. */
export { runCompact } from './compact-command.ts';
