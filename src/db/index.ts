/** How versions are kept and moved: what the layers above may know of it. */

export { onlyAt, type Stretch } from './answers/stretch.ts';
export { BackupSource } from './backup-source.ts';
export { type FilterOperator, operatorsOf } from './criteria/field-filter.ts';
export type { RecordFilter } from './criteria/filter.ts';
export { type Matcher, matcherOf } from './criteria/filter-match.ts';
export { Order, type Place } from './criteria/order.ts';
export { Sight } from './criteria/sight.ts';
export type { FollowOptions, Span } from './feed/follower.ts';
export { readParquet, writeParquet } from './foreign/parquet.ts';
export { SqliteDatabase, type SqliteRow, type SqliteValue } from './foreign/sqlite-database.ts';
export {
  offsetOf,
  type ResumableState,
} from './log/contents/resumable-rows.ts';
export type { ResumableUpload } from './log/contents/resumable-upload.ts';
export type { Uploaded } from './log/contents/upload-rows.ts';
export type { Defect, Verified } from './log/defect.ts';
export type { RecordName } from './log/erase.ts';
export type { LastSet, RecordKey, RevisionKey, RevisionsKey } from './log/histories.ts';
export type { PastTransaction, PastVersion } from './log/history-writer.ts';
export { type InclusionProof, leadsToHead, readInclusionProof } from './log/inclusion-proof.ts';
export type { LogTransaction, Updated } from './log/log-transaction.ts';
export type { LogHead } from './log/log-tree.ts';
export type { EarlierState } from './log/restore.ts';
export type { ConflictPolicy } from './log/stale-write.ts';
export type { TransactionFilter } from './log/transaction-list.ts';
export type { KnownHead } from './log/verify/head-watch.ts';
export type { VersionChange } from './log/version-change.ts';
export type { WriteTerms, Written } from './log/write-terms.ts';
export type { Committed, Tentative } from './log/writer.ts';
export { hasLog, type LogAccess, noLog, openLog, type PastContents } from './log-access.ts';
export { LogClearing } from './log-clearing.ts';
export { LogCompaction } from './log-compaction.ts';
export { logPathIn } from './log-files.ts';
export { LogInspection, type VerifiedHead } from './log-inspection.ts';
export type { Group, GroupingQuery, GroupValue, Stats } from './queries/grouping.ts';
export type { TimePoint } from './queries/over-time-query.ts';
export type { Page } from './queries/page.ts';
export type { SnapshotQuery } from './queries/snapshots.ts';
export { isSigned, publicPart, type Receipt, receiptKey } from './receipt.ts';
export type { ReplicaVerdict } from './replica/replica-check.ts';
export {
  buildLog,
  erasuresIn,
  type LogEnd,
  lockFile,
  logStart,
  mergeSegments,
  proveLog,
  readSegment,
  type Segment,
  type SegmentErasure,
  transactionBefore,
} from './segments.ts';
export type { Clock } from './shared/clock.ts';
export {
  digestFile,
  type FileDigest,
  renameDurably,
  syncPath,
  writeDurably,
} from './shared/durable-files.ts';
export { hexOf } from './shared/hex.ts';
export { limits } from './shared/limits.ts';
export type { GroupCommit, KeptMeasures, StoreMeasures } from './shared/measures.ts';
export {
  AlreadyExists,
  BackupDamaged,
  BadRequest,
  BadTable,
  CannotOpen,
  ContentsDamaged,
  Forbidden,
  HistoryDamaged,
  IdempotencyMismatch,
  InvalidInput,
  LogDamaged,
  NotFound,
  type Obstacle,
  Problem,
  problemAt,
  RevertConflict,
  RevisionConflict,
  StorageFailed,
  StorageFull,
  TableLimitExceeded,
  TooManyUploads,
  TransactionTimeout,
  Unavailable,
  UploadMoved,
} from './shared/problems.ts';
export { tookTooLong } from './shared/query-time.ts';
export type { StateChange, StoreHealth } from './shared/store-health.ts';
export { turns } from './shared/turns.ts';
export { differingFields, isWellFormed, valuesOfCreate } from './shared/values.ts';
export { openStore, type Store } from './store.ts';
export type { StoreOptions } from './store-files.ts';
export type { StoreReads } from './store-reads.ts';
export type { TableColumn } from './tables/question.ts';
export { type TableSource, tableFormatOf } from './tables/table-source.ts';
export type {
  NamedTable,
  RowDiff,
  RowWindow,
  TableDiff,
  TablePage,
  Tables,
} from './tables/tables.ts';
