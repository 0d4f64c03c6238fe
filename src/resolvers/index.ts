/** What each operation does, free of GraphQL's types and of SQL. */
export type { AsOf } from './as-of.ts';
export { followChanges } from './change-feed.ts';
export type { Connection, ConnectionArgs, Edge } from './connection.ts';
export { formatDateTime, parseDateTime } from './date-time.ts';
export { type FieldChange, readChanges } from './field-changes.ts';
export { readHistory } from './history.ts';
export {
  downloadUrl,
  findDownload,
  type LakeFileVersion,
  lakeFileCreateSteps,
  lakeFileUpdateSteps,
  lakePathExists,
  readBytes,
  readLakeFileByPath,
  readText,
} from './lake-files.ts';
export { Loaders } from './loaders.ts';
export { type LogInfo, readLogInfo } from './log.ts';
export { Operation } from './operation.ts';
export {
  listRecords,
  type RecordAt,
  readRecord,
} from './records.ts';
export { readTransaction, readVersions } from './transactions.ts';
export {
  createRecord,
  deleteRecord,
  plainSteps,
  type Refused,
  updateRecord,
  type WriteOptions,
  type WritePayload,
  type WriteSteps,
} from './writes.ts';
