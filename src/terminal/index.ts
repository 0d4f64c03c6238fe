/** What commands show and how they end: progress, numbers and lists in English, outcomes, Ctrl-C. */
export { interruptedCode, interruptibly, type RefuseWhenInterrupted } from './interruption.ts';
export { type Told, tell } from './outcome.ts';
export { type Progress, startProgress } from './progress.ts';
export { Refusal } from './refusal.ts';
export { count, list } from './wording.ts';
