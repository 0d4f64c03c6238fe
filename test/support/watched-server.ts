/** `everstate serve` as a process of its own that can be asked how it is. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { ApiAnswer } from './api.ts';
import type { Watched } from './loop-watch.ts';
import { compiled } from './run-directory.ts';

export class WatchedServer {
  /** Where GraphQL is, over HTTP. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /**
   * Starts a server on a free port.
   * @param onEnd takes what ends it; without it the server ends with its test.
   * @param flags more settings of it.
   */
  static async start(
    directory: string,
    onEnd = onTestFinished,
    flags: readonly string[] = [],
  ): Promise<WatchedServer> {
    const child = fork(
      compiled('src/main.ts'),
      ['serve', '--port', '0', '--data', directory, ...flags],
      {
        // Not the tests' own, which graphql-js is slower in.
        env: { ...process.env, NODE_ENV: 'production' },
        execArgv: ['--expose-gc', '--import', compiled('test/support/loop-watch.ts')],
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      },
    );
    onEnd(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    });
    for await (const chunk of child.stdout ?? []) {
      const [, url] = /GraphiQL at (http:\S+),/.exec(String(chunk)) ?? [];
      if (url) return new WatchedServer(child, url);
    }
    throw new Error('The server ended before it was ready.');
  }

  /** Where GraphQL is, over WebSocket. */
  get socketUrl(): string {
    return this.url.replace('http', 'ws');
  }

  /** Sends one operation. */
  async ask(query: string, variables: object = {}): Promise<ApiAnswer> {
    return (await (await this.post(JSON.stringify({ query, variables }))).json()) as ApiAnswer;
  }

  /** How the process is, and was since it was asked last. */
  async watched(): Promise<Watched> {
    const answer = once(this.#child, 'message');
    this.#child.send('how are you');
    const [watched] = await answer;
    return watched as Watched;
  }

  /** Sends any body as JSON. */
  post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  }
}
