/** Another process that has a store open, as its parent sees it. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { compiled } from './run-directory.ts';
import type { Commands } from './store-process.ts';

type Input<Name extends keyof Commands> = Parameters<Commands[Name]>[1];
type Output<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>;
interface Answer {
  readonly id: string | number;
  readonly value?: unknown;
  readonly error?: string;
}

export class OtherProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string | number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(directory: string) {
    this.#child = fork(compiled('test/support/store-process.ts'), [directory]);
    this.#child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    this.#child.once('exit', (code, signal) => {
      const error = `The process ended before it answered: ${signal ?? code}`;
      for (const [id, settle] of this.#waiting) settle({ id, error });
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** Starts so many processes, which open the directory at the same moment. */
  static async open(directory: string, count: number): Promise<OtherProcess[]> {
    const processes = Array.from({ length: count }, () => new OtherProcess(directory));
    await Promise.all(processes.map((process) => process.#answerTo('loaded')));
    for (const process of processes) process.#child.send('open');
    await Promise.all(processes.map((process) => process.#answerTo('open')));
    return processes;
  }

  static async openOne(directory: string): Promise<OtherProcess> {
    const [process] = await OtherProcess.open(directory, 1);
    return process as OtherProcess;
  }

  /** Has the process run a command. */
  ask<Name extends keyof Commands>(
    command: Name,
    ...[input]: Input<Name> extends undefined ? [] : [Input<Name>]
  ): Promise<Output<Name>> {
    this.#asked += 1;
    this.#child.send({ id: this.#asked, command, input });
    return this.#answerTo(this.#asked) as Promise<Output<Name>>;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /**
   * Bounds the bytes of each file that the process writes from now on: past it, writing fails.
   * @throws Error where the system has no prlimit.
   */
  limitFileSize(bytes: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(this.pid), `--fsize=${bytes}:`]);
  }

  /** Ends the process in the middle of whatever it does; resolves when it is gone. */
  kill(): Promise<unknown> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    return gone;
  }

  #answerTo(id: string | number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
    });
  }
}
