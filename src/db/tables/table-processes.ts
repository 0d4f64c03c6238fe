/** The processes that answer questions about tables: started when one is asked, ended when none is. */
import { limits } from '../shared/limits.ts';
import { storeClosing, Unavailable } from '../shared/problems.ts';
import type { Question } from './question.ts';
import { type RawAnswer, TableProcess } from './table-process.ts';

export class TableProcesses {
  readonly #idle: TableProcess[] = [];
  readonly #all = new Set<TableProcess>();
  /** Those that end once they have answered. */
  readonly #ending = new Set<TableProcess>();
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;
  #idleTimer: NodeJS.Timeout | null = null;
  #isClosed = false;

  /**
   * Has a question answered, once a process is free.
   * @param timeMaxMs how long the process may take.
   * @throws TableFailure; Unavailable when too many wait, or this is closed; the reason of the signal.
   */
  async ask(question: Question, timeMaxMs: number, signal: AbortSignal): Promise<RawAnswer> {
    await this.#turn();
    const process = this.#take();
    try {
      return await process.ask(question, timeMaxMs, signal);
    } finally {
      this.#giveBack(process);
    }
  }

  /** Has what is asked from now on answered by others: these keep what they were asked about. */
  replace(): void {
    this.#endIdle();
    for (const process of this.#all) this.#ending.add(process);
  }

  /** Ends all of them. */
  close(): void {
    this.#isClosed = true;
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    for (const process of this.#all) process.end(storeClosing());
    for (const next of this.#waiting.splice(0)) next();
  }

  async #turn(): Promise<void> {
    if (this.#atWork >= limits.tableProcesses) {
      if (this.#waiting.length >= limits.tableQuestionsWaitingMax) {
        throw new Unavailable('Too many questions about tables wait for an answer. Try again.');
      }
      // Whoever gives way hands its place over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#atWork += 1;
    if (this.#isClosed) throw storeClosing();
  }

  #take(): TableProcess {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    const process = this.#idle.pop() ?? new TableProcess();
    this.#all.add(process);
    return process;
  }

  #giveBack(process: TableProcess): void {
    const isKept = process.isUsable && !this.#isClosed && !this.#ending.delete(process);
    if (isKept) this.#idle.push(process);
    else {
      process.end();
      this.#all.delete(process);
    }
    const next = this.#waiting.shift();
    if (next) {
      next();
      return;
    }
    this.#atWork -= 1;
    if (this.#atWork > 0) return;
    this.#idleTimer = setTimeout(this.#endIdle, limits.tableProcessIdleMs).unref();
  }

  readonly #endIdle = () => {
    for (const process of this.#idle.splice(0)) {
      process.end();
      this.#all.delete(process);
    }
  };
}
