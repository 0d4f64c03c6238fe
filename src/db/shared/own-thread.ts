/**
 * A thread that is started with a file of ours, and answers what it is asked, in that order. It starts when
 * it is asked first, and ends once it was asked nothing for a while. Its file calls `answerInThread`.
 */
import { Worker } from 'node:worker_threads';
import { limits } from './limits.ts';
import { ownFile } from './own-file.ts';
import { hasOwnMemory } from './own-memory.ts';
import { storeClosing } from './problems.ts';

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class OwnThread<Question, Answer> {
  readonly #source: string;
  readonly #data: unknown;
  #thread: Worker | null = null;
  /** Those who asked, in that order. */
  #waiting: Waiting<Answer>[] = [];
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param source where its file lies below `src`, without its ending.
   * @param data what it finds as node:worker_threads’ `workerData`.
   */
  constructor(source: string, data: unknown = null) {
    this.#source = source;
    this.#data = data;
  }

  get runs(): boolean {
    return this.#thread !== null;
  }

  /** How many answers it owes. */
  get owed(): number {
    return this.#waiting.length;
  }

  /**
   * @param handedOver bytes of what is asked whose memory the thread gets, unless others share it: nobody
   *   can read them here any more.
   * @throws Unavailable once it is closed, and what ended the thread; the next who asks has another one.
   */
  ask(question: Question, handedOver: readonly Uint8Array[] = []): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(storeClosing());
    clearTimeout(this.#idle);
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start();
      this.#thread.postMessage(
        question,
        handedOver.filter(hasOwnMemory).map(({ buffer }) => buffer),
      );
      this.#waiting.push({ resolve, reject });
      // The process stays while somebody waits for an answer.
      this.#thread.ref();
    });
  }

  /** Ends it; whoever waits for an answer does so in vain. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end(storeClosing());
  }

  #start(): Worker {
    const { path, execArgv } = ownFile(this.#source);
    const thread = new Worker(path, {
      execArgv: [...execArgv],
      workerData: this.#data,
      resourceLimits: { maxYoungGenerationSizeMb: limits.threadYoungMb },
    });
    thread.on('message', (answer: Answer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#rest(thread);
    });
    thread.on('error', (error) => this.#end(error));
    return thread;
  }

  /** Nobody waits for an answer: the process need not stay, and soon the thread need not either. */
  #rest(thread: Worker): void {
    thread.unref();
    this.#idle = setTimeout(() => this.#end(null), limits.threadIdleMs).unref();
  }

  async #end(reason: unknown): Promise<void> {
    const [thread, waiting] = [this.#thread, this.#waiting];
    [this.#thread, this.#waiting] = [null, []];
    clearTimeout(this.#idle);
    for (const { reject } of waiting) reject(reason);
    await thread?.terminate();
  }
}
