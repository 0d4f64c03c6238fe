/** Why nothing could be proven, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

export type RefusalCode =
  /** What was asked for is not written as it should be, or contradicts itself. */
  | 'BAD_ARGUMENT'
  /** There is no such version. */
  | 'NOT_FOUND'
  /** What is to be read is not there, or is no proof. */
  | 'NOT_A_PROOF'
  /** A proof proves nothing without a head that is known. */
  | 'HEAD_NEEDED';

export class Refused extends Refusal<RefusalCode> {}
