/** Commits of this process that its replica has still to apply: they need not be read back. */
import type { Position, Version } from '../../entities/index.ts';
import type { LogSpan } from '../log/log-reader.ts';

export class OwnCommits {
  readonly #rowsMax: number;
  /** Oldest first. */
  #commits: LogSpan[] = [];
  #rows = 0;

  /** @param rowsMax how many versions are kept; past it the oldest commits are forgotten. */
  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  /** The end of the newest; null when there is none. */
  get end(): Position | null {
    return this.#commits.at(-1)?.end ?? null;
  }

  add(versions: readonly Version[], end: Position): void {
    this.#commits.push({ versions, end });
    this.#rows += versions.length;
    while (this.#rows > this.#rowsMax) this.#dropOldest();
  }

  /**
   * Takes the commits that follow a position without a gap; null when there are none.
   * @param rowsMax how many versions at most; a single commit that is larger comes whole.
   */
  take(after: Position, rowsMax: number): LogSpan | null {
    while (this.#commits[0] && this.#commits[0].end <= after) this.#dropOldest();
    const versions: Version[] = [];
    let end = after;
    for (let next = this.#commits[0]; next; next = this.#commits[0]) {
      if (next.versions[0]?.position !== end + 1) break;
      if (versions.length > 0 && versions.length + next.versions.length > rowsMax) break;
      for (const version of next.versions) versions.push(version);
      end = next.end;
      this.#dropOldest();
    }
    return versions.length > 0 ? { versions, end } : null;
  }

  #dropOldest(): void {
    this.#rows -= this.#commits.shift()?.versions.length ?? 0;
  }
}
