/** How versions are kept and moved: what the layers above may know of it. */
export type { Clock } from './clock.ts';
export { type FilterOperator, operatorsOf } from './field-filter.ts';
export type { RecordFilter } from './filter.ts';
export { type Matcher, matcherOf } from './filter-match.ts';
export type { Group, GroupingQuery, GroupValue, Stats } from './grouping.ts';
export type { LastSet, RevisionKey } from './last-set-query.ts';
export { limits } from './limits.ts';
export type { LogTransaction, Updated } from './log-transaction.ts';
export { Order, type Place } from './order.ts';
export type { TimePoint } from './over-time-query.ts';
export type { Page } from './page-query.ts';
export {
  AlreadyExists,
  BadRequest,
  CannotOpen,
  ContentsDamaged,
  IdempotencyMismatch,
  InvalidInput,
  NotFound,
  type Obstacle,
  Problem,
  problemAt,
  RevertConflict,
  RevisionConflict,
  StorageFailed,
  StorageFull,
  TransactionTimeout,
  Unavailable,
} from './problems.ts';
export type { RecordKey, RevisionsKey } from './record-query.ts';
export type { EarlierState } from './restore.ts';
export type { VersionChange } from './shared-spans.ts';
export type { ConflictPolicy } from './stale-write.ts';
export { openStore, type Store } from './store.ts';
export type { StoreOptions } from './store-files.ts';
export type { StateChange, StoreHealth } from './store-health.ts';
export type { TransactionFilter } from './transaction-list.ts';
export { turns } from './turns.ts';
export { differingFields, isWellFormed } from './values.ts';
export type { Verified } from './verify.ts';
export type { WriteTerms, Written } from './write-terms.ts';
export type { Committed, Tentative } from './writer.ts';
