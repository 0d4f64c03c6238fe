/** Rows that are taken one by one, while they are read some at a time. */

export class RowCursor<Row> {
  readonly #rows: AsyncIterator<readonly Row[], void>;
  #some: readonly Row[] = [];
  #place = 0;
  #isDone = false;

  constructor(rows: AsyncIterable<readonly Row[]>) {
    this.#rows = rows[Symbol.asyncIterator]() as AsyncIterator<readonly Row[], void>;
  }

  /** Whether `fill` has to be called before the next row is known. */
  get isEmpty(): boolean {
    return this.#place >= this.#some.length && !this.#isDone;
  }

  /** Reads on, until there is a row or no other follows. */
  async fill(): Promise<void> {
    while (this.isEmpty) {
      const { value, done } = await this.#rows.next();
      this.#some = value ?? [];
      this.#place = 0;
      if (done) this.#isDone = true;
    }
  }

  /** The next row, which stays; undefined when there is none. */
  get next(): Row | undefined {
    return this.#some[this.#place];
  }

  /** Passes the next row. */
  take(): void {
    this.#place += 1;
  }

  /** Reads no further. */
  async end(): Promise<void> {
    await this.#rows.return?.();
  }
}
