/** Where transactions of the log begin and end, and the savepoint of one mutation within. */
import { sql } from 'kysely';
import type { Checkpoints } from './checkpoints.ts';
import type { LogFile } from './log-file.ts';
import type { Statement } from './statement.ts';
import { whenFree } from './when-free.ts';

export class TransactionSteps {
  readonly #log: LogFile;
  readonly #checkpoints: Checkpoints | null;
  #hasSavepoint = false;
  #isTakenBack = false;

  /** @param checkpoints told of each commit. */
  constructor(log: LogFile, checkpoints: Checkpoints | null = null) {
    this.#log = log;
    this.#checkpoints = checkpoints;
  }

  /** Begins, once no other process writes. @throws Unavailable when that takes too long. */
  async begin(): Promise<void> {
    if (this.#log.inTransaction) this.#step('rollback').run();
    await this.#checkpoints?.catchUp();
    await whenFree(() => this.#step('begin immediate').run());
    this.#isTakenBack = false;
  }

  /** What was written, and not taken back, is on disk when this returns. */
  commit(): void {
    if (this.#isTakenBack) return;
    this.#step('commit').run();
    this.#checkpoints?.offer();
  }

  rollBack(): void {
    this.#step('rollback').run();
  }

  /**
   * Begins what may be taken back alone. SQLite keeps aside each page that a statement changes,
   * until the savepoint ends; of a long mutation that soon goes to a file.
   * @param isAll whether it is all that the transaction will have, and needs no savepoint.
   */
  mark(isAll: boolean): void {
    this.#hasSavepoint = !isAll;
    if (this.#hasSavepoint) this.#step('savepoint mutation').run();
  }

  /** Ends what was marked, and keeps it. */
  keep(): void {
    if (this.#hasSavepoint) this.#step('release mutation').run();
  }

  /** Ends what was marked, as if it had never been. */
  takeBack(): void {
    if (this.#hasSavepoint) {
      this.#step('rollback to mutation').run();
      this.keep();
    } else {
      this.rollBack();
      this.#isTakenBack = true;
    }
  }

  #step(text: string): Statement {
    return this.#log.statement(this, text, () => sql.raw(text).compile(this.#log.kysely));
  }
}
