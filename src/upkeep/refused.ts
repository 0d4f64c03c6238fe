/** Why nothing was cleared, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

type RefusalCode =
  /** What was asked for contradicts itself. */
  | 'BAD_ARGUMENT'
  /** Somebody else wrote into the log after it was backed up. */
  | 'LOG_MOVED'
  /** Whoever was asked did not say so. */
  | 'NOT_CONFIRMED';

export class Refused extends Refusal<RefusalCode> {}
