/** Why a transfer was not done, with a code for programs. */
import { Refusal } from '../terminal/index.ts';

export type RefusalCode =
  /** What was asked for contradicts itself. */
  | 'BAD_ARGUMENT'
  /** There is no such kind of record. */
  | 'NO_SUCH_ENTITY'
  /** The log holds more kinds of records than were named. */
  | 'KINDS_MISSING'
  /** What is to be written is there already. */
  | 'TARGET_EXISTS'
  /** What is to be read is not there, or cannot be read. */
  | 'NO_SUCH_SOURCE'
  /** What is to be read is no export, or one of a newer Everstate. */
  | 'NOT_AN_EXPORT'
  /** A file of an export is not as it was written. */
  | 'EXPORT_DAMAGED'
  /** Rows break rules; each is an issue. */
  | 'BAD_ROWS'
  /** The log is not a beginning of the history that is imported. */
  | 'NOT_A_PREFIX'
  /** Records are there already, with other values. */
  | 'RECORDS_DIFFER'
  /** Versions name contents that neither the export nor the log has. */
  | 'CONTENTS_MISSING';

export class Refused extends Refusal<RefusalCode> {}
