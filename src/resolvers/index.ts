/** What each operation does, free of GraphQL's types and of SQL. */
export type { AsOf } from './as-of.ts';
export { type ChangesArgs, followChanges } from './change-feed.ts';
export type { Connection, ConnectionArgs, Edge } from './connection.ts';
export { formatDateTime, parseDateTime } from './date-time.ts';
export { type FieldChange, readChanges } from './field-changes.ts';
export { type HistoryArgs, readHistory } from './history.ts';
export {
  downloadUrl,
  findDownload,
  type LakeFileVersion,
  lakeFileCreateSteps,
  lakeFileUpdateSteps,
  lakePathExists,
  type PathArgs,
  readBytes,
  readLakeFileByPath,
  readText,
} from './lake-files.ts';
export { Loaders } from './loaders.ts';
export { type LogInfo, readLogInfo } from './log.ts';
export { Operation } from './operation.ts';
export {
  type ListArgs,
  listRecords,
  type RecordArgs,
  type RecordAt,
  readRecord,
} from './records.ts';
export { readTransaction, readVersions, type VersionsArgs } from './transactions.ts';
export {
  createRecord,
  type DeleteInput,
  deleteRecord,
  plainSteps,
  type Refused,
  updateRecord,
  type WriteOptions,
  type WritePayload,
  type WriteSteps,
} from './writes.ts';
