/** How the two halves of a store are, and what tells of it when that changes. */

/**
 * - ok: it can be written;
 * - full: its disk is full;
 * - failed: its disk refuses reads or writes, or the file is damaged;
 * - gone: its path no longer leads to the file that is open.
 */
export type LogState = 'ok' | 'full' | 'failed' | 'gone';

/**
 * - ok: it answers;
 * - memory: it answers out of memory, since its file could not be used;
 * - building: it is being built from the log, and reads wait;
 * - failed: it could not be built, and is tried again after a pause.
 */
export type ReplicaState = 'ok' | 'memory' | 'building' | 'failed';

export interface StoreHealth {
  readonly log: LogState;
  readonly replica: ReplicaState;
}

/** One change of the log's state or the replica's. */
export interface StateChange {
  readonly part: keyof StoreHealth;
  readonly state: LogState | ReplicaState;
  /** What happened and what to do, in one line. */
  readonly message: string;
  /** What it was noticed by; null when nothing was thrown. */
  readonly error: unknown;
}
