/** What is erased for good, and the receipts of it. */
export { type EraseOptions, runErase } from './erase-command.ts';
export { runKeys } from './keys-command.ts';
export { checkReceipt } from './receipt-check.ts';
