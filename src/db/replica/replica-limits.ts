/** Limits that decide when versions move on; tests make them small so that all of it happens. */
export type ReplicaLimits = Readonly<
  Record<
    | 'catchUpBatchRows'
    | 'catchUpMemoryRows'
    | 'buildMergeRows'
    | 'unmergedRowsMax'
    | 'unmergedWhileOrderingMax'
    | 'mergeRows'
    | 'mergeIdleMs'
    | 'orderIdleMs'
    | 'rushRows'
    | 'disorderRowsMax'
    | 'deltaJsonRowsMin'
    | 'checkpointBytes'
    | 'idleCheckpointBytes',
    number
  >
>;
