/** What a store tells of itself in numbers, to whoever watches it. What becomes of them is theirs. */
import type { Position } from '../../entities/index.ts';

/** One commit of the log, which mutations that came together share. */
export interface GroupCommit {
  readonly mutations: number;
  /** None where all of it was tried only, or was bytes of uploads. */
  readonly versions: number;
  /** How long SQLite took to put it on disk: writing the write-ahead log, and its fsync. */
  readonly syncMs: number;
}

/** Answers that are kept, and how often one was of use since the start. */
export interface KeptMeasures {
  readonly count: number;
  /** As it is estimated. */
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

export interface ReplicaMemory {
  readonly memoryBytes: number;
  /** What did not fit into its memory, and lies on disk for a while. */
  readonly temporaryBytes: number;
}

/** A store as it is at one moment. */
export interface StoreMeasures {
  /** The last position that is known to be committed. */
  readonly head: Position;
  /** The last one that the replica has applied. */
  readonly watermark: Position;
  readonly followers: number;
  /** Those of them that have told all there is. */
  readonly waitingFollowers: number;
  readonly keptAnswers: KeptMeasures;
  /** Null while there is no replica to be asked. */
  readonly replicaMemory: ReplicaMemory | null;
  /** What lies on disk, in bytes; 0 for what does not. */
  readonly fileBytes: {
    readonly log: number;
    readonly writeAheadLog: number;
    /** That of this process. */
    readonly replica: number;
    /** Files that were read as tables by this process. */
    readonly tables: number;
  };
  /** Room that is left on the disk of the log, in bytes; null where it is not known. */
  readonly diskFreeBytes: number | null;
}
