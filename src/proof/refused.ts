/** Why nothing could be proven, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

export type RefusalCode =
  /** What was asked for is not written as it should be, or contradicts itself. */
  'BAD_ARGUMENT';

export class Refused extends Refusal<RefusalCode> {}
