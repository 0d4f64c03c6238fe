/** The time that the stories are said to have taken: the days before the demo ran. */

const storyDays = 60;
const dayMs = 86_400_000;

export class StoryClock {
  readonly #endMs = Date.now();
  #passed = 0;

  /** What the store asks for its commits: microseconds since 1970. */
  readonly now = (): number =>
    Math.floor((this.#endMs - (1 - this.#passed) * storyDays * dayMs) * 1000);

  /** @param part of all the work, from 0 to 1, that was done just now. */
  advance(part: number): void {
    this.#passed = Math.min(this.#passed + part, 1);
  }
}
