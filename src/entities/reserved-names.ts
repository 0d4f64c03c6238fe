/** Names that every record, version, input or table already uses. */

/** GraphQL fields and arguments that Everstate gives to every record, version and input. */
export const reservedFieldNames: ReadonlySet<string> = new Set([
  'id',
  'nodeId',
  'idx',
  'revision',
  'rowid',
  'position',
  'untilPosition',
  'previousPosition',
  'operation',
  'transaction',
  'transactionId',
  'committedAt',
  'createdAt',
  'createdIdx',
  'updatedAt',
  'deletedAt',
  'current',
  'history',
  'changes',
  'diff',
  'blame',
  'expectedRevision',
  'match',
  'and',
  'or',
  'not',
  'search',
  'includeDeleted',
  'salt',
  'contentsDigest',
  'digest',
]);

/** GraphQL fields that every group of records has. */
export const reservedGroupNames: ReadonlySet<string> = new Set(['count']);

/** Tables that the log or the replica keeps for itself. */
export const reservedTableNames =
  /^(sqlite_.*|log|entities|transactions|idempotency|contents|chunks|content_chunks|uploads|upload_chunks|replica_state|.*_(keys|current|delta))$/;
