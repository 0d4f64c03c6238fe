/**
 * The load on a server, from a process of its own, so that it competes with no server's event
 * loop. autocannon sends it: raw sockets and requests built beforehand, so that one core of load
 * outruns what a GraphQL server answers with another.
 */
import { type ChildProcess, fork } from 'node:child_process';
import autocannon from 'autocannon';
import { endWithThis } from './leftovers.ts';
import { quantile } from './results.ts';

export interface Load {
  readonly url: string;
  readonly document: string;
  /** Sent in turn, an equal share by each connection. */
  readonly variables: readonly object[];
  readonly connections: number;
  readonly seconds: number;
}

/** Loads of several kinds at once. */
export interface MixedLoad {
  readonly url: string;
  /** The documents by the names of their kinds. */
  readonly documents: Readonly<Record<string, string>>;
  readonly lanes: readonly Lane[];
  readonly seconds: number;
}

/** Connections that send the same mixture. */
export interface Lane {
  readonly connections: number;
  /** Sent in turn, an equal share by each connection. */
  readonly requests: readonly (readonly [kind: string, variables: object])[];
}

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Measured extends Latencies {
  readonly requestsPerSecond: number;
  readonly kinds: Readonly<Record<string, Latencies>>;
}

/** Longer than any answer may take: a request without an answer ends the measurement. */
const answerLimitSeconds = 120;

/** What an answer has that refuses, as GraphQL and as these schemas say it. */
const refusal = /"errors":|"code":"/;

/** Puts the load on the server. @throws Error when any request fails or is refused. */
export async function applyLoad(load: Load): Promise<Measured> {
  const { url, document, variables, connections, seconds } = load;
  const requests = variables.map((each) => ['all', each] as const);
  const lanes = [{ connections, requests }];
  return await applyMixedLoad({ url, documents: { all: document }, lanes, seconds });
}

/** Puts all lanes on the server at once. @throws Error when any request fails or is refused. */
export async function applyMixedLoad(load: MixedLoad): Promise<Measured> {
  const child = takeProcess();
  child.send(load);
  try {
    return await answerOf(child);
  } finally {
    idle = child;
    holdOpen(child, false);
  }
}

/** A process that waits for a load: starting one takes a second or two. */
let idle: ChildProcess | null = null;

function takeProcess(): ChildProcess {
  const child =
    idle?.connected === true
      ? idle
      : endWithThis(fork(import.meta.filename, { execArgv: ['--import', 'tsx'] }), 'SIGTERM');
  idle = null;
  holdOpen(child, true);
  return child;
}

/** Whether this process waits for that one before it ends. */
function holdOpen(child: ChildProcess, hold: boolean): void {
  for (const each of [child, child.channel]) {
    if (hold) each?.ref();
    else each?.unref();
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
    const ended = (code: number | null) =>
      reject(new Error(`The load ended with ${code} and no result.`));
    child.once('exit', ended);
    child.once('message', (told: Measured | { failed: string }) => {
      child.off('exit', ended);
      if ('failed' in told) reject(new Error(told.failed));
      else resolve(told);
    });
  });
}

// ---- in the process of the load ------------------------------------------------------------------

async function send(load: MixedLoad): Promise<Measured> {
  const times = new Map<string, number[]>();
  const seconds = await Promise.all(load.lanes.map((lane) => sendLane(load, lane, times)));
  const kinds = [...times].map(([kind, ms]) => [kind, latenciesOf(ms)] as const);
  const all = latenciesOf([...times.values()].flat());
  const requestsPerSecond = all.count / Math.max(...seconds);
  return { ...all, requestsPerSecond, kinds: Object.fromEntries(kinds) };
}

/** @returns how many seconds it took. */
async function sendLane(
  load: MixedLoad,
  lane: Lane,
  times: Map<string, number[]>,
): Promise<number> {
  const share = Math.ceil(lane.requests.length / lane.connections);
  let connection = 0;
  let refused: string | null = null;
  const result = await autocannon({
    url: load.url,
    connections: lane.connections,
    duration: load.seconds,
    timeout: answerLimitSeconds,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    verifyBody: (body) => {
      const fine = !refusal.test(String(body));
      if (!fine) refused ??= String(body).slice(0, 500);
      return fine;
    },
    setupClient: (client) => {
      const begin = connection * share;
      connection += 1;
      const portion = lane.requests.slice(begin, begin + share);
      const own = portion.length > 0 ? portion : lane.requests;
      client.setRequests(
        own.map(([kind, variables]) => ({
          body: JSON.stringify({ query: load.documents[kind], variables }),
        })),
      );
      let answered = 0;
      client.on('response', (_status, _bytes, ms) => {
        const [kind] = own[answered % own.length] as (typeof own)[number];
        answered += 1;
        const known = times.get(kind) ?? [];
        times.set(kind, known);
        known.push(ms);
      });
    },
  });
  if (refused !== null) throw new Error(`${load.url} answered ${refused}`);
  if (result.errors + result.timeouts + result.non2xx > 0) {
    throw new Error(`${load.url}: ${result.errors} errors, ${result.non2xx} refusals.`);
  }
  return result.duration;
}

function latenciesOf(times: readonly number[]): Latencies {
  const [p50Ms, p95Ms, p99Ms, maxMs] = [0.5, 0.95, 0.99, 1].map((share) =>
    quantile(times, share),
  ) as [number, number, number, number];
  return { count: times.length, p50Ms, p95Ms, p99Ms, maxMs };
}

if (process.argv[1] === import.meta.filename) {
  process.on('message', async (load) => {
    process.send?.(await send(load as MixedLoad).catch((error) => ({ failed: String(error) })));
  });
}
