/** A server process whose event loop is watched, as its parent sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer } from './api.ts';
import type { Held, Started } from './measured-server.ts';

export class MeasuredServer {
  readonly url: string;
  /** How many times longer work takes here than where limits were measured. */
  readonly slowness: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { port, slowness }: Started) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}/graphql`;
    this.slowness = slowness;
  }

  static async start(directory: string): Promise<MeasuredServer> {
    const script = new URL('./measured-server.ts', import.meta.url);
    const execArgv = ['--import', 'tsx', '--expose-gc'];
    const child = fork(script, [directory], { execArgv });
    const [started] = await once(child, 'message');
    return new MeasuredServer(child, started as Started);
  }

  /** Sends one operation. */
  async ask(query: string, variables: object = {}): Promise<ApiAnswer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as ApiAnswer;
  }

  /** How long the loop was held while something was done, and until it is idle again. */
  async heldBy(work: () => Promise<unknown>): Promise<Held> {
    await this.#held('collected');
    await sleep(50);
    await this.#held('held');
    await work();
    await sleep(50);
    return await this.#held('held');
  }

  /** Memory in use after garbage was collected, in bytes. */
  async memoryBytes(): Promise<number> {
    return (await this.#held('collected')).memoryBytes;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #held(message: 'held' | 'collected'): Promise<Held> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    return (await answer)[0] as Held;
  }
}
