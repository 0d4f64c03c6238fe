/** Why nothing was erased, or a receipt is none, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

export type RefusalCode =
  /** What was asked for is not written as it should be, or contradicts itself. */
  | 'BAD_ARGUMENT'
  /** There is no such record. */
  | 'NOT_FOUND'
  /** Whoever was asked did not say so. */
  | 'NOT_CONFIRMED'
  /** What is to be read is not there, or is no receipt. */
  | 'NOT_A_RECEIPT'
  /** A receipt proves nothing without a key that is known. */
  | 'KEY_NEEDED';

export class Refused extends Refusal<RefusalCode> {}
