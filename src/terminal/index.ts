/** What commands show: progress, and numbers and lists in English. */
export { type Progress, startProgress } from './progress.ts';
export { count, list } from './wording.ts';
