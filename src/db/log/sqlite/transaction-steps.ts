/** Where transactions of the log begin and end, and the savepoint of one mutation within. */
import { sql } from 'kysely';
import type { LogFile } from './log-file.ts';
import type { Statement } from './statement.ts';
import { whenFree } from './when-free.ts';

export class TransactionSteps {
  readonly #log: LogFile;

  constructor(log: LogFile) {
    this.#log = log;
  }

  /** Begins, once no other process writes. @throws Unavailable when that takes too long. */
  async begin(): Promise<void> {
    if (this.#log.inTransaction) this.#step('rollback').run();
    await whenFree(() => this.#step('begin immediate').run());
  }

  /** What was written is on disk when this returns. */
  commit(): void {
    this.#step('commit').run();
  }

  rollBack(): void {
    this.#step('rollback').run();
  }

  /** Begins what may be taken back alone. */
  mark(): void {
    this.#step('savepoint mutation').run();
  }

  /** Ends what was marked, and keeps it. */
  keep(): void {
    this.#step('release mutation').run();
  }

  /** Ends what was marked, as if it had never been. */
  takeBack(): void {
    this.#step('rollback to mutation').run();
    this.keep();
  }

  #step(text: string): Statement {
    return this.#log.statement(this, text, () => sql.raw(text).compile(this.#log.kysely));
  }
}
