/** The limits of the store, each with its unit. What a client sends is limited in src/http. */
export const limits = {
  /** Most records of one page, versions of one history page or keys of one batch. */
  pageRowsMax: 1_000,
  /** Most entries, folders and files, of one page of a folder of the lake. */
  folderEntriesMax: 1_000,
  /** Files that are looked up at a time where a folder is read with all that is below it. */
  folderStretchRows: 256,
  /** Longest id of a record, in characters (Unicode code points). */
  idLengthMax: 256,
  /** Longest reason or actor of a transaction, in characters (Unicode code points). */
  reasonLengthMax: 4_096,
  /** Largest contents of one file that are given whole. */
  fileBytesMax: 64 * 1024 * 1024,
  /** Largest upload that is left to the transaction that keeps it … */
  uploadHeldBytesMax: 1024 * 1024,
  /** … bytes of a larger one that one commit stores … */
  uploadBatchBytes: 4 * 1024 * 1024,
  /** … and how many of it may wait for that, or be made meanwhile. */
  uploadWaitingBytes: 8 * 1024 * 1024,
  /** A thread ends once it was asked nothing for so long. */
  threadIdleMs: 60_000,
  /** Memory for what a thread made lately, in MiB: what it works on are bytes, which lie elsewhere. */
  threadYoungMb: 2,
  /** Most threads that make chunks of uploads. */
  chunkThreadsMax: 4,
  /** Memory for pages of the log in the thread that stores uploads. */
  uploadPagesBytes: 4 * 1024 * 1024,
  /** A thread takes the log's write-ahead log in once so many pages of it are not … */
  checkpointPages: 1_000,
  /** … who writes waits for it while the write-ahead log has so many … */
  writeAheadPages: 8_000,
  /** … and takes it in, if that did not help, when it has so many. */
  writeAheadPagesMax: 16_000,
  /** Most resumable uploads that one viewer may have under way … */
  uploadsPerViewerMax: 1_000,
  /** … and most of which their digests so far are kept in memory. */
  uploadDigestsMax: 1_000,
  /** How long an upload is kept to which nothing comes … */
  uploadIdleMs: 24 * 3_600_000,
  /** … and how often such are looked for. */
  uploadsCollectedMs: 3_600_000,
  /** Most chunks that one commit removes. */
  removedChunksMax: 64,
  /** Memory for the digests of chunks that were found good, as it is estimated. */
  goodChunksBytesMax: 16 * 1024 * 1024,
  /** Most values of one operator in a filter, such as `in`. */
  filterListMax: 1_000,
  /** How deep filters may be nested by and, or and not. */
  filterDepthMax: 10,
  /** Most conditions of one filter, those nested included. */
  filterConditionsMax: 500,
  /** Most values that the conditions of one filter compare with, those of lists counted each. */
  filterValuesMax: 10_000,
  /** Most text of one filter, in UTF-16 code units … */
  filterTextLengthMax: 1_000_000,
  /** … and of that what is looked for in any case, which has to be folded. */
  filterFoldedLengthMax: 65_536,
  /** A list of at least as many values is joined in DuckDB; a shorter one is looked through. */
  filterJoinedListMin: 100,
  /** Most words of one search … */
  searchWordsMax: 20,
  /** … and of all searches of one filter together. */
  filterSearchWordsMax: 100,
  /** Most keys of one order. */
  orderKeysMax: 8,
  /** Most groups of one answer. */
  groupsMax: 10_000,
  /** Groups that are brought up to date by what changed; more of them are counted anew. */
  talliedGroupsMax: 1_000,
  /** So many positions asked for the same groups in one turn are answered in one pass. */
  groupsSeriesMin: 6,
  /** Most points in time of one series. */
  timePointsMax: 10_000,
  /** Most groups of one series, those of all its points together. */
  timeGroupsMax: 100_000,
  /** Most records that one bulk mutation may write, and most changes that one may undo. */
  bulkRecordsMax: 10_000,
  /** Memory of new records that are written in one go, as it is estimated; one may be larger. */
  createdTogetherBytesMax: 512 * 1024,
  /** Most issues that one bulk mutation tells of. */
  bulkIssuesMax: 100,
  /** Versions that are looked through at a time for changes that a viewer sees. */
  scannedVersionsMax: 20_000,
  /** Transactions that are looked through for a filter at a time. */
  transactionScanRows: 256,
  /** Memory for pages of the log where much of it comes in. */
  transferPagesBytes: 256 * 1024 * 1024,
  /** Rows that are read from the log at a time when all of it goes out. */
  transferRows: 4_096,
  /** Versions of history that one commit takes in; a single transaction that is larger comes whole. */
  historyCommitRows: 65_536,
  /** Versions that are copied at a time between a log and a segment of a backup. */
  segmentPieceRows: 4_096,
  /** Chunks of contents that are copied at a time out of a segment. */
  segmentPieceChunks: 256,
  /** A segment of a directory ends with the transaction with which it has so many bytes … */
  segmentBytesMax: 1024 * 1024 * 1024,
  /** … and small ones become one of so many at most, which takes a second or two. */
  mergedSegmentBytesMax: 256 * 1024 * 1024,
  /** How often whoever keeps a backup up to date looks whether something was committed … */
  backupLookMs: 50,
  /** … and how long it gathers what is, since it last wrote. */
  backupPauseMs: 400,
  /** Records of current state that one transaction takes in. */
  importedRecordsMax: 1_000,
  /** Records that one transaction deletes where kinds of them are cleared. */
  clearedRecordsMax: 1_000,
  /** Files that one transaction puts into the lake … */
  putFilesMax: 256,
  /** … and bytes of them; one file may be larger. */
  putBytesMax: 16 * 1024 * 1024,
  /** Contents up to this size are stored by the transaction that names them; larger ones before. */
  contentsAtOnceBytes: 1024 * 1024,
  /** Contents of files that are written to a directory side by side. */
  filesAtATime: 16,
  /** Memory for DuckDB where it writes or reads Parquet. */
  transferMemoryMaxMb: 512,
  /** Longest row of a file that is imported, in bytes. */
  importedRowBytesMax: 64 * 1024 * 1024,
  /** Problems of a file that is imported that are told of; the rest are counted. */
  importIssuesMax: 20,
  /** Longest time that the work of one transaction may take. */
  transactionTimeMaxMs: 60_000,
  /** Rows that verify reads at a time. */
  verifyPageRows: 32,
  /** Positions whose rows in a replica are compared with the log at a time. */
  replicaCheckRows: 4_096,
  /** How often a replica file is copied that changes meanwhile, before it is left unchecked. */
  replicaCopiesMax: 5,
  /** Memory for DuckDB where a replica is compared with the log. */
  replicaCheckMemoryMaxMb: 1_024,
  /** Versions of the smallest part of the log whose hash is kept in memory, for heads and proofs. */
  treeBlockLeaves: 1_024,
  /** Longest idempotency key, in characters (Unicode code points). */
  idempotencyKeyLengthMax: 256,
  /** How long an idempotency key counts at least, in days; 0 for ever … */
  idempotencyKeyDays: 30,
  /** … how often those that have expired are looked for … */
  keysCollectedMs: 3_600_000,
  /** … and most that one commit removes. */
  removedKeysMax: 256,
  /** Most mutations that share one commit. */
  groupCommitMutationsMax: 512,
  /** Turns of the event loop that other work has between two commits. */
  turnsPerCommit: 3,
  /** Most mutations that wait for a commit; one more is refused. */
  writeQueueMutationsMax: 10_000,
  /** How long a write waits for another process that holds the log. */
  busyTimeoutMs: 10_000,
  /** How long is waited for others to close the log, by what needs it alone. */
  aloneTimeoutMs: 2_000,
  /** Pages that are given back in one commit, while nobody else can write. */
  releasedPages: 256,
  /** How often a write asks again whether the log is free. */
  busyRetryMs: 2,
  /** How often is looked whether another process has erased something. */
  erasuresLookMs: 1_000,
  /** Most records that are erased together. */
  erasedRecordsMax: 1_000,
  /** How often is looked whether paths still lead to the files that are open. */
  fileLookMs: 500,
  /** Pause before what failed is tried again; each failure doubles it, … */
  retryMinMs: 1_000,
  /** … up to this. */
  retryMaxMs: 60_000,
  /** What fails again so soon after it worked was not mended: the pause goes on growing. */
  relapseMs: 60_000,
  /** Most versions read from the log at a time to build a replica while requests are served. */
  rebuildBatchRows: 1_024,
  /** Positions of the log whose versions are compared with their digests in one step. */
  checkedRows: 256,
  /** Most versions handed to DuckDB at a time to build a replica … */
  buildBatchRows: 8_192,
  /** … and fewer when they would be much more text than this, in bytes of UTF-8. */
  buildBatchLength: 4_000_000,
  /** While a replica comes to the log's end, what is new is merged at so many versions. */
  buildMergeRows: 65_536,
  /** A replica that lacks more, and a quarter of what it has, is built anew instead. */
  replicaTailRowsMax: 65_536,
  /** How long a read waits for a replica that is being built anew. */
  replicaWaitMs: 5_000,
  /** How long a read may have to wait for the replica to catch up, for the store to be ready. */
  readyLagMaxMs: 1_000,
  /** How long a replica that is given up may take to end what it has under way. */
  replicaRetireMs: 1_000,
  /** A replica file that fails so soon after it was made anew is followed by one in memory. */
  replicaFileTrialMs: 10 * 60_000,
  /** How long own commits may wait to be applied to the replica together, when no read asks. */
  applyAfterMs: 100,
  /** Most versions read from the log and applied to the replica at a time. */
  catchUpBatchRows: 16_384,
  /** Most versions of own commits kept in memory for the replica; past it they are read back. */
  catchUpMemoryRows: 65_536,
  /** From so many versions on they are added to a delta as JSON, while others have their turns … */
  deltaJsonRowsMin: 512,
  /** … so many at a time: DuckDB takes as long to begin with them as it does for a thousand … */
  deltaJsonRowsMax: 4_096,
  /** … and so much memory of them, as it is estimated. */
  deltaJsonBytesMax: 4 * 1024 * 1024,
  /** The share of DuckDB's memory for rows that are sorted at a time, in bytes of them as text. */
  sortedMemoryShareMax: 1 / 3,
  /** Writing tables in order gives way to merging when so many versions wait for that. */
  unmergedWhileOrderingMax: 262_144,
  /** The delta is merged into the base when it holds this many versions. */
  mergeRows: 8_192,
  /** … or when it holds any and nothing was applied for this long. */
  mergeIdleMs: 2_000,
  /** DuckDB writes what was merged into its file once it is so much, as it is estimated, … */
  checkpointBytes: 256 * 1024 * 1024,
  /** … or so much while nothing waits for a merge. */
  idleCheckpointBytes: 4 * 1024 * 1024,
  /** Most versions kept in memory until they are merged; pages join the delta while there are more. */
  unmergedRowsMax: 32_768,
  /** Rows, dead or out of order, that a table of the replica may hold for each live one, … */
  disorderShareMax: 0.5,
  /** … that it may while versions come at such a rate, per second: writing it anew would hold them up, … */
  rushRows: 4_000,
  rushDisorderShareMax: 2,
  /** … that a base may once all is merged and nothing was applied for so long, … */
  idleDisorderShareMax: 0.05,
  orderIdleMs: 10_000,
  /** … and that it may besides. */
  disorderRowsMax: 8_192,
  /** Memory for answers that are kept, as it is estimated … */
  keptAnswersBytesMax: 64 * 1024 * 1024,
  /** … and how many of them there are at most. */
  keptAnswersMax: 100_000,
  /** The largest share of that memory that one of them may take. */
  keptAnswerShareMax: 0.1,
  /** Longest question whose answer is kept, in UTF-16 code units. */
  keptQuestionLengthMax: 16_384,
  /** Answers to one question that are kept, each for a stretch of positions of its own. */
  keptStretchesMax: 64,
  /** Parts of one GraphQL answer that may change apart from each other, for it to be kept. */
  stretchesPerAnswerMax: 1_000,
  /** Changes of late, of each kind of record, that are known to tell whether an answer holds … */
  recentChangesMax: 4_096,
  /** … and their memory, as it is estimated. */
  recentChangesBytesMax: 16 * 1024 * 1024,
  /** Longest time spent to find out whether one answer still holds, before it is worked out anew. */
  touchTimeMaxMs: 2,
  /** How long work on one answer, or writing, goes on before others get a turn of the event loop. */
  stretchMs: 10,
  /** Longest time one DuckDB query may take. */
  queryTimeMaxMs: 30_000,
  /** Versions of one record that are read from the log in one go. */
  historyStretchRows: 64,
  /** DuckDB connections that answer what scans tables … */
  scanConnections: 2,
  /** … and those that look up single records, which do not wait for scans. */
  lookupConnections: 2,
  /** Prepared statements that each of them keeps. */
  preparedStatementsMax: 256,
  /** Batches of one loader under way at a time; further keys wait and are gathered. */
  batchesUnderWay: 3,
  /** Memory that DuckDB may use for the replica. */
  replicaMemoryMaxMb: 1_024,
  /** Server processes on one data directory: each has a replica file of its own. */
  replicaFilesMax: 16,
  /** Most versions that a follower reads from the log at a time; a larger transaction comes whole. */
  followerBatchRows: 256,
  /** Followers that are woken at a commit before its writer has its answer … */
  wakeUpsAtOnce: 16,
  /** … and after that before other work of the process gets a turn. */
  wakeUpsPerTurn: 256,
  /** Most records of a feed's snapshot that are read at a time … */
  snapshotPageRows: 256,
  /** … of the first page, … */
  snapshotFirstRows: 8,
  /** … and of each further one only so many that they take no more memory, as it is estimated. */
  snapshotPageBytesMax: 512 * 1024,
  /** Memory for stretches of the log that followers read lately, as it is estimated. */
  sharedSpansBytesMax: 16 * 1024 * 1024,
  /** Largest file that is read as a table, unpacked … */
  tableBytesMax: 512 * 1024 * 1024,
  /** … and largest workbook, which is read as a whole. */
  workbookBytesMax: 32 * 1024 * 1024,
  /** Deepest nesting of a JSON file that is read as a table. */
  tableJsonDepthMax: 128,
  /** Most records that one query may read as a table. */
  tableRecordsMax: 1_000_000,
  /** Disk for tables that were read, so that they need not be read again. */
  keptTablesBytesMax: 4 * 1024 * 1024 * 1024,
  /** Longest time to read a file as a table … */
  tableReadTimeMaxMs: 60_000,
  /** … and to answer what is asked of it then. */
  tableQueryTimeMaxMs: 10_000,
  /** Memory that DuckDB may use to answer one question about tables … */
  tableMemoryMaxMb: 512,
  /** … and all of the process that does so. */
  tableProcessMemoryMaxMb: 1_536,
  /** Largest answer about tables, as JSON. */
  tableAnswerBytesMax: 8 * 1024 * 1024,
  /** Processes that answer questions about tables, … */
  tableProcesses: 2,
  /** … questions that wait for one; one more is refused, … */
  tableQuestionsWaitingMax: 64,
  /** … memory that one may hold after an answer, or another takes its place, … */
  tableProcessRestMaxMb: 384,
  /** … questions that one answers before another does, … */
  tableProcessQuestionsMax: 1_000,
  /** … and how long one stays that is asked nothing. */
  tableProcessIdleMs: 60_000,
  /** Longest SQL of a query, in UTF-16 code units … */
  tableSqlLengthMax: 65_536,
  /** … and most tables that it names. */
  queriedTablesMax: 16,
  /** How often the log is asked for commits of other processes while someone follows. */
  foreignCommitPollMs: 5,
} as const;
