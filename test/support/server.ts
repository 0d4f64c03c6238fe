/** The command `everstate serve` as a process of its own, and GraphQL over HTTP with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createClient } from 'graphql-sse';
import { onTestFinished } from 'vitest';
import { compiled } from './run-directory.ts';

/** How long a process may take to start or to end before its test fails. */
const processTimeMaxMs = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code: string };
  }[];
  readonly extensions?: { readonly position: string };
}

/** A process of Node's that ends with its test, by its id, however the test ends. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #listeners = new Set<() => void>();

  constructor(
    args: readonly string[],
    options: { cwd: string; env?: Readonly<Record<string, string>> | undefined },
  ) {
    const env = Object.entries(process.env).filter(
      ([name]) => !/^(EVERSTATE_|NODE_OPT)/.test(name),
    );
    this.child = spawn(process.execPath, args, {
      cwd: options.cwd,
      env: { ...Object.fromEntries(env), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const look of this.#listeners) look();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    // When the test's own process is stopped, no hook runs any more.
    const kill = () => void this.child.kill('SIGKILL');
    process.once('exit', kill);
    this.ended.then(() => process.off('exit', kill));
    onTestFinished(async () => {
      kill();
      await this.ended;
    });
  }

  /** Waits for text on standard output. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(this.stdout);
        if (!match) return;
        this.#listeners.delete(look);
        resolve(match);
      };
      this.#listeners.add(look);
      look();
    });
    const ended = this.ended.then(({ code, signal, stderr }) => {
      throw new Error(`The process ended (${code ?? signal}) before ${pattern}: ${stderr}`);
    });
    return await inTime(Promise.race([found, ended]), `print ${pattern}`);
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.end();
  }

  end(): Promise<Ended> {
    return inTime(this.ended, 'end');
  }
}

/** Runs the command `everstate`, as it was compiled for this run. */
export function everstate(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): TestProcess {
  // On a busy machine any operation is slow now and then, and tests look whether anything is told.
  const quiet = { EVERSTATE_SLOW_OPERATION_MS: '0' };
  const options = { cwd: resolve('.'), env: { ...quiet, ...env } };
  return new TestProcess([compiled('src/main.ts'), ...args], options);
}

/** A server that is ready. */
export class TestServer {
  readonly process: TestProcess;
  readonly url: string;

  constructor(process: TestProcess, url: string) {
    this.process = process;
    this.url = url;
  }

  /** Sends one operation. @throws when there is no answer. */
  async ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** Sends one operation that must succeed; its data. */
  async data(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Answer['data']> {
    const { data, errors } = await this.ask(query, variables);
    if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
    return data;
  }

  /** Subscribes over server-sent events, as browsers do. */
  subscribe(query: string): AsyncIterableIterator<Answer> {
    const client = createClient({ url: this.url, retryAttempts: 0 });
    onTestFinished(() => client.dispose());
    return client.iterate({ query }) as AsyncIterableIterator<Answer>;
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`The process did not ${what} within ${processTimeMaxMs} ms.`);
    timer = setTimeout(() => reject(error), processTimeMaxMs);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The server's address, from the line that it prints when it is ready. */
export async function ready(process: TestProcess): Promise<TestServer> {
  const [, url] = await process.prints(/Graphi?QL at (http:\S+),/);
  return new TestServer(process, url as string);
}
