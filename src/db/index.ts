/** How versions are kept and moved: what the layers above may know of it. */
export { type FilterOperator, operatorsOf, type RecordFilter } from './filter.ts';
export { limits } from './limits.ts';
export type { LogTransaction, Updated } from './log-transaction.ts';
export { Order, type Place } from './order.ts';
export type { Page } from './page-query.ts';
export {
  AlreadyExists,
  BadRequest,
  CannotOpen,
  InvalidInput,
  NotFound,
  Problem,
  RevisionConflict,
  Unavailable,
} from './problems.ts';
export type { RecordKey, RevisionsKey } from './record-query.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
export { differingFields, isWellFormed } from './values.ts';
export type { Verified } from './verify.ts';
export type { Committed } from './writer.ts';
