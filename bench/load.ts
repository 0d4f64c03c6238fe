/**
 * The load on a server, from a process of its own, so that it competes with no server's event
 * loop. autocannon sends it: raw sockets and requests built beforehand, so that one core of load
 * outruns what a GraphQL server answers with another.
 */
import { type ChildProcess, fork } from 'node:child_process';
import autocannon from 'autocannon';

export interface Load {
  readonly url: string;
  readonly document: string;
  /** Sent in turn, an equal share by each connection. */
  readonly variables: readonly object[];
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Puts the load on the server. @throws Error when any request fails. */
export async function applyLoad(load: Load): Promise<Measured> {
  const child = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
  try {
    child.send(load);
    return await answerOf(child);
  } finally {
    child.kill();
  }
}

/** One answer, to be looked at before the load is measured. */
export async function ask(url: string, query: string, variables: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data?: unknown; errors?: unknown };
  if (answer.errors) throw new Error(`${url} answered ${JSON.stringify(answer.errors)}`);
  return answer.data;
}

function answerOf(child: ChildProcess): Promise<Measured> {
  return new Promise((resolve, reject) => {
    child.once('message', (measured) => resolve(measured as Measured));
    child.once('exit', (code) => reject(new Error(`The load ended with ${code} and no result.`)));
  });
}

async function send(load: Load): Promise<Measured> {
  const share = Math.ceil(load.variables.length / load.connections);
  let connection = 0;
  const result = await autocannon({
    url: load.url,
    connections: load.connections,
    duration: load.seconds,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    setupClient: (client) => {
      const begin = connection * share;
      connection += 1;
      const own = load.variables.slice(begin, begin + share);
      client.setRequests(own.map((variables) => ({ body: bodyOf(load.document, variables) })));
    },
  });
  if (result.errors + result.timeouts + result.non2xx > 0) {
    throw new Error(`${load.url}: ${result.errors} errors, ${result.non2xx} refusals.`);
  }
  return {
    requestsPerSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

function bodyOf(query: string, variables: object): string {
  return JSON.stringify({ query, variables });
}

if (process.argv[1] === import.meta.filename) {
  process.once('message', async (load) => {
    process.send?.(await send(load as Load), () => process.exit(0));
  });
}
