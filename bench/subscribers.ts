/**
 * Many subscribers, in a process of their own. They know nothing of GraphQL: each notes when a
 * message with a record's id arrives, so that the server's work is measured and not a client's.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { endWithThis } from './leftovers.ts';

export type Transport = 'SSE' | 'WebSocket';

interface Order {
  readonly url: string;
  readonly document: string;
  readonly transport: Transport;
  readonly count: number;
}

/** What the process tells: that all follow, or when an event had reached all of them. */
type Told = { readonly ready: true } | { readonly id: string; readonly atMs: readonly number[] };

/** Operations over one WebSocket, and connections from one address: less than servers admit. */
const perSocket = 50;
const perAddress = 500;

/** Milliseconds since 1970, with a fraction; the same in every process of this machine. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

export class Subscribers {
  readonly #child: ChildProcess;
  readonly #arrived = new Map<string, (atMs: readonly number[]) => void>();
  readonly #early = new Map<string, readonly number[]>();
  /** How many events had reached all subscribers. */
  delivered = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (told: Told) => {
      if (!('id' in told)) return;
      this.delivered += 1;
      const take = this.#arrived.get(told.id);
      if (take) take(told.atMs);
      else this.#early.set(told.id, told.atMs);
    });
  }

  /** Starts so many; resolves once all of them follow. */
  static async start(order: Order): Promise<Subscribers> {
    const forked = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
    const child = endWithThis(forked, 'SIGTERM');
    const subscribers = new Subscribers(child);
    child.send(order);
    const [told] = (await once(child, 'message')) as [Told];
    if (!('ready' in told)) throw new Error('An event came before all subscribers followed.');
    return subscribers;
  }

  /** When the event about a record reached each of them, as clockMs has it. */
  arrivals(id: string): Promise<readonly number[]> {
    const known = this.#early.get(id);
    if (known) return Promise.resolve(known);
    return new Promise((arrived) => this.#arrived.set(id, arrived));
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}

// ---- in the process of the subscribers -----------------------------------------------------------

const eventPattern = /"id":"([^"]+)"/g;

async function follow({ url, document, transport, count }: Order): Promise<void> {
  const arrivals = new Map<string, number[]>();
  const take = (text: string) => {
    const now = clockMs();
    for (const [, id = ''] of text.matchAll(eventPattern)) {
      const atMs = arrivals.get(id) ?? [];
      arrivals.set(id, atMs);
      atMs.push(now);
      if (atMs.length < count) continue;
      arrivals.delete(id);
      process.send?.({ id, atMs });
    }
  };
  if (transport === 'SSE') {
    for (let number = 0; number < count; number += 1) {
      await followStream(url, document, `127.0.0.${2 + Math.floor(number / perAddress)}`, take);
    }
  } else {
    for (let from = 0; from < count; from += perSocket) {
      await followSocket(url, document, Math.min(perSocket, count - from), take);
    }
  }
  // Both transports admit a subscription before its server follows: give that a moment.
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.send?.({ ready: true });
}

async function followStream(
  url: string,
  query: string,
  localAddress: string,
  take: (text: string) => void,
): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const sending = request(url, { method: 'POST', headers, localAddress, agent: false });
  sending.end(JSON.stringify({ query }));
  const [response] = await once(sending, 'response');
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}.`);
  response.setEncoding('utf8').on('data', take);
}

async function followSocket(
  url: string,
  query: string,
  count: number,
  take: (text: string) => void,
): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  // The operation's own id must not be taken for a record's.
  socket.on('message', (text) => take(String(text).replace(/"id":"#\d+",/, '')));
  for (let id = 0; id < count; id += 1) {
    socket.send(JSON.stringify({ type: 'subscribe', id: `#${id}`, payload: { query } }));
  }
}

if (process.argv[1] === import.meta.filename) {
  process.once('message', (order) => {
    follow(order as Order).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  });
}
