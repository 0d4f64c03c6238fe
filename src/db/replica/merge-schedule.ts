/** When a replica is merged, and when it is put in order besides. */
import { limits } from '../shared/limits.ts';
import type { ReplicaLimits } from './replica-limits.ts';

export class MergeSchedule {
  readonly #limits: ReplicaLimits;
  readonly #merge: (disorderShareMax: number) => void;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  /** @param merge merges, and has order restored where more than such a share is out of it. */
  constructor(replicaLimits: ReplicaLimits, merge: (disorderShareMax: number) => void) {
    this.#limits = replicaLimits;
    this.#merge = merge;
  }

  /** Something was applied. @param unmerged how many versions wait for a merge now. */
  applied(unmerged: number): void {
    this.#clear();
    if (unmerged >= this.#limits.mergeRows) this.#merge(limits.disorderShareMax);
    else this.mergeWhenIdle();
  }

  /** Merges once nothing was applied for a while. */
  mergeWhenIdle(): void {
    this.#mergeAfter(this.#limits.mergeIdleMs, limits.disorderShareMax);
  }

  /** Puts in order what little is not, once nothing was applied for longer. */
  orderWhenIdle(): void {
    this.#mergeAfter(this.#limits.orderIdleMs, limits.idleDisorderShareMax);
  }

  /** Nothing is idle any more. */
  end(): void {
    this.#ended = true;
    this.#clear();
  }

  #mergeAfter(idleMs: number, disorderShareMax: number): void {
    if (this.#ended || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#merge(disorderShareMax);
    }, idleMs).unref();
  }

  #clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
