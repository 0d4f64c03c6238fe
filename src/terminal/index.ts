/** What commands show: progress, numbers and lists in English, and what came of them. */
export { kindNamed, numberGiven, timeGiven } from './arguments.ts';
export { type Asked, confirm } from './confirmation.ts';
export { exitCodes } from './exit-codes.ts';
export { interruptibly, type RefuseWhenInterrupted, untilInterrupted } from './interruption.ts';
export { type Progress, startProgress } from './progress.ts';
export { Refusal } from './refusal.ts';
export { notProven, type Told, tell } from './told.ts';
export { count, list } from './wording.ts';
