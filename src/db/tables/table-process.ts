/** A process that answers questions about tables, seen from the server: what happens in it stays there. */
import { type ChildProcess, fork } from 'node:child_process';
import { limits } from '../shared/limits.ts';
import { ownFile } from '../shared/own-file.ts';
import {
  type AnswerCounts,
  type FailureKind,
  type Message,
  memoryExitCode,
  type Question,
  type TableColumn,
  type TableRow,
} from './question.ts';

/** What a process answered. */
export interface RawAnswer {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  readonly counts: Partial<AnswerCounts>;
}

/** Why a process did not answer. */
export class TableFailure extends Error {
  override readonly name = 'TableFailure';
  readonly kind: FailureKind | 'time';
  /** The argument that is wrong, where one is. */
  readonly argument: string | null;
  constructor(kind: FailureKind | 'time', message: string, argument: string | null = null) {
    super(message);
    this.kind = kind;
    this.argument = argument;
  }
}

/** Most of what a process says as it fails that is kept, in UTF-16 code units. */
const lastWordsLengthMax = 2_000;

/** What becomes of a question. */
interface Asked {
  readonly columns: TableColumn[];
  readonly rows: TableRow[];
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class TableProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #asked: Asked | null = null;
  #questions = 0;
  /** Memory that it held after its last answer. */
  #residentMb = 0;
  #hasEnded = false;
  #lastWords = '';

  constructor() {
    this.#child = start();
    this.#ready = new Promise((resolve) => {
      this.#child.on('message', (message: Message) => {
        if (message.type === 'ready') resolve();
        else this.#take(message);
      });
      this.#child.once('exit', (code, signal) => {
        this.#ended(code, signal);
        resolve();
      });
      // It could not be started, or nothing can be said to it any more.
      this.#child.once('error', (error) => {
        this.#lastWords = error.message;
        this.#ended(null, null);
        resolve();
      });
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-lastWordsLengthMax);
    });
    this.#release();
  }

  /** Whether it may be asked anything more. */
  get isUsable(): boolean {
    const { tableProcessQuestionsMax, tableProcessRestMaxMb } = limits;
    if (this.#hasEnded || this.#questions >= tableProcessQuestionsMax) return false;
    return this.#residentMb <= tableProcessRestMaxMb;
  }

  /**
   * Asks a question, while no other is open. A process whose time is over, or whose answer nobody waits
   * for any more, is ended: nothing else is sure to stop it.
   * @throws TableFailure, and the reason of the signal.
   */
  async ask(question: Question, timeMaxMs: number, signal: AbortSignal): Promise<RawAnswer> {
    this.#hold();
    try {
      await this.#ready;
      signal.throwIfAborted();
      this.#questions += 1;
      return await this.#answerTo(question, timeMaxMs, signal);
    } finally {
      this.#release();
    }
  }

  /** Ends it, whatever it does. @param why what whoever waits for its answer is told. */
  end(why?: Error): void {
    this.#hasEnded = true;
    if (why) this.#fail(why);
    this.#child.kill('SIGKILL');
  }

  #answerTo(question: Question, timeMaxMs: number, signal: AbortSignal): Promise<RawAnswer> {
    if (this.#hasEnded) throw this.#failed();
    const onAbort = () => this.end(signal.reason as Error);
    const timer = setTimeout(() => {
      this.end(new TableFailure('time', `It takes longer than ${timeMaxMs} ms.`));
    }, timeMaxMs);
    signal.addEventListener('abort', onAbort);
    return new Promise<RawAnswer>((resolve, reject) => {
      this.#asked = { columns: [], rows: [], resolve, reject };
      this.#child.send(question);
    }).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  }

  #take(message: Exclude<Message, { readonly type: 'ready' }>): void {
    const asked = this.#asked;
    if (!asked) return;
    switch (message.type) {
      case 'columns':
        asked.columns.push(...message.columns);
        return;
      case 'rows':
        asked.rows.push(...message.rows);
        return;
      case 'end':
        this.#residentMb = message.residentMb;
        this.#asked = null;
        asked.resolve({ columns: asked.columns, rows: asked.rows, counts: message.counts });
        return;
      case 'failure':
        this.#residentMb = message.residentMb;
        if (message.kind === 'process') this.end();
        this.#fail(new TableFailure(message.kind, message.message, message.argument));
    }
  }

  #fail(error: Error): void {
    this.#asked?.reject(error);
    this.#asked = null;
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#hasEnded = true;
    this.#fail(
      code === memoryExitCode
        ? new TableFailure('memory', 'It takes more memory than it may.')
        : this.#failed(code, signal),
    );
  }

  #failed(code: number | null = null, signal: NodeJS.Signals | null = null): TableFailure {
    const how = signal ? ` by ${signal}` : code === null ? '' : ` with exit code ${code}`;
    return new TableFailure('process', `The process ended${how}. ${this.#lastWords}`.trim());
  }

  /** The server stays while a question is open, and need not stay for a process that waits. */
  #hold(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  #release(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as { unref?: () => void } | null)?.unref?.();
  }
}

/** With nothing in its environment: nothing there is any question’s business. */
function start(): ChildProcess {
  const { path, execArgv } = ownFile('db/tables/process/main');
  return fork(path, [], {
    env: {},
    execArgv: ['--max-old-space-size=512', ...execArgv],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
