/** What each operation does, free of GraphQL's types and of SQL. */

export { formatDateTime, parseDateTime } from '../entities/index.ts';
export { type AnswerSize, AnswerTooLarge, answerLimits } from './answer-size.ts';
export type { AsOf } from './as-of.ts';
export { type FieldBlame, readBlame } from './blame.ts';
export { type BulkPayload, bulkName, createRecords, updateRecords } from './bulk-writes.ts';
export { intervalCount, type TimeUnit } from './calendar.ts';
export { followChanges } from './change-feed.ts';
export { type ChangePage, readChangePage } from './change-page.ts';
export {
  type Change,
  creating,
  deleting,
  updating,
  type WriteInput,
  type WriteSteps,
} from './change-records.ts';
export type { Connection, ConnectionArgs, Edge } from './connection.ts';
export { DownloadSigner, isSigned } from './download-signer.ts';
export { type AskedVersion, findDownload, ofLakeFile } from './downloads.ts';
export { type ErasePayload, eraseRecord } from './erase.ts';
export { type FieldChange, readChanges, readDiff } from './field-changes.ts';
export {
  type FolderPath,
  folderPath,
  type PlacePath,
  parseFilePath,
  parseUploadPath,
  type RecordPath,
  revisionPattern,
  uploadsPath,
} from './file-paths.ts';
export { FileUpload } from './file-upload.ts';
export {
  downloadUrl,
  fileSteps,
  pathOf,
  readBytes,
  readText,
  type StoredFile,
  storedFile,
} from './files.ts';
export {
  type AskedMeasures,
  type IntervalPoint,
  readGroups,
  readOverTime,
} from './groups.ts';
export { readHistory } from './history.ts';
export { lakeFileUpdateSteps, lakePathExists, readLakeFileByPath } from './lake-files.ts';
export { type FileBelow, type FolderPage, listFolder, walkFolder } from './lake-folders.ts';
export { type LogInfo, readLogInfo } from './log.ts';
export { nodeIdOf, readNode } from './node.ts';
export { Operation } from './operation.ts';
export { readProof } from './proofs.ts';
export { OtherBytes, putFile } from './put-file.ts';
export { receive, TooManyBytes } from './receive.ts';
export { type ChangeKind, followRecords, type RecordChange } from './record-feed.ts';
export {
  currentOf,
  listRecords,
  type RecordAt,
  readRecord,
} from './records.ts';
export { beginUpload, continueUpload, endUpload } from './resumable-uploads.ts';
export { diffTable, queryLake, readTable } from './tables.ts';
export {
  type OperationInput,
  revertTransaction,
  transact,
  type VersionsPayload,
} from './transact.ts';
export { listTransactions } from './transaction-list.ts';
export {
  readTransaction,
  readTransactionById,
  readVersions,
  type SeenAt,
} from './transactions.ts';
export type { SeenChange } from './view/seen-change.ts';
export { type View, Views } from './view/view.ts';
export type { Refused, WriteOptions } from './write.ts';
export {
  type FileTarget,
  type LakePath,
  type Precondition,
  PreconditionFailed,
  type PutResult,
} from './write-file.ts';
export {
  createRecord,
  deleteRecord,
  restoreRecord,
  updateRecord,
  type WritePayload,
} from './writes.ts';
