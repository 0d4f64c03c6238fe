/**
 * Live feeds: from a mutation's answer to the event at each subscriber, against a bare Yoga that
 * publishes to its subscribers from memory and keeps nothing that could be resumed from.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyLoad, ask } from './load.ts';
import { randomFrom } from './random.ts';
import {
  comparison,
  type Figure,
  median,
  orientation,
  type Pair,
  quantile,
  withUnit,
} from './results.ts';
import { type Server, startBareYoga, startEverstate, withServers } from './server.ts';
import { until } from './stopwatch.ts';
import { clockMs, Subscribers, type Transport } from './subscribers.ts';
import { drawTodo } from './todo-values.ts';

const create =
  'mutation($input: CreateTodoInput!) { createTodo(input: $input) ' +
  '{ ... on CreateTodoPayload { todo { id } } } }';
const document = 'subscription { todoChanges { kind todo { id subject priority status labels } } }';
const transports: readonly Transport[] = ['SSE', 'WebSocket'];
const counts = [1, 100, 1_000, 2_000];
const warmUpWrites = 5;
const writes = 30;
const fanOutCount = 100;
const fanOutSeconds = 4;
const fanOutWriters = 8;
const idleCount = 2_000;
const random = randomFrom(9);

export async function measureLive(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const transport of transports) {
    // First, on servers that did nothing yet: what was used before is reused, and hides the rest.
    figures.push(...(await withFresh((servers) => compareMemory(servers, transport))));
    figures.push(...(await withFresh((servers) => compareDelivery(servers, transport))));
  }
  return [...figures, await measureForeign()];
}

/** From a mutation's answer by one process to its event by another on the same data. */
async function measureForeign(): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-live-'));
  try {
    const processes = [startEverstate(directory), startEverstate(directory)];
    const delays = await withServers(processes, (writing, following) =>
      measureLatency(writing as Server, following as Server, 'SSE', 1),
    );
    const what = 'from the answer of one process to the event of another: p50 / p99';
    return orientation('live', what, afterAnswer(delays));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function withFresh<T>(use: (servers: Servers) => Promise<T>): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), 'everstate-live-'));
  const own = mkdtempSync(join(parent, 'everstate-'));
  const other = mkdtempSync(join(parent, 'baseline-'));
  try {
    return await withServers([startEverstate(own), startBareYoga('pubsub', other)], (...servers) =>
      use(servers as Servers),
    );
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

type Servers = [everstate: Server, baseline: Server];

async function compareDelivery(servers: Servers, transport: Transport): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of counts) figures.push(...(await compareLatency(servers, transport, count)));
  return [...figures, await compareFanOut(servers, transport)];
}

/** Runs with so many subscribers of one server. */
async function withSubscribers<T>(
  server: Server,
  transport: Transport,
  count: number,
  use: (subscribers: Subscribers) => Promise<T>,
): Promise<T> {
  const subscribers = await Subscribers.start({ url: server.url, document, transport, count });
  try {
    return await use(subscribers);
  } finally {
    await subscribers.close();
  }
}

async function compareLatency(
  [everstate, baseline]: Servers,
  transport: Transport,
  count: number,
): Promise<Figure[]> {
  const own = await measureLatency(everstate, everstate, transport, count);
  const other = await measureLatency(baseline, baseline, transport, count);
  const pairs = own.map((delays, index): Pair => {
    return { everstate: median(delays.sent), baseline: median(other[index]?.sent ?? []) };
  });
  const what = `from a mutation to its event at ${count} subscribers, ${transport}`;
  return [
    comparison({ benchmark: 'live', what, unit: 'ms', better: 'less' }, pairs),
    orientation(
      'live',
      'the same, from its answer: p50 / p99 (baseline)',
      `${afterAnswer(own)} (${afterAnswer(other)})`,
    ),
  ];
}

/** How long after it was sent, and after it was answered, a mutation's event reached each one. */
interface Delays {
  readonly sent: readonly number[];
  /** 0 where the event was there before the answer. */
  readonly answered: readonly number[];
}

function afterAnswer(delays: readonly Delays[]): string {
  const late = delays.flatMap(({ answered }) => answered);
  const [p50, p99] = [median(late), quantile(late, 0.99)].map((ms) => ms.toFixed(1));
  return `${p50} / ${p99} ms`;
}

/** Writes to one server, and sees when the events of a server on the same data arrive. */
function measureLatency(
  writing: Server,
  following: Server,
  transport: Transport,
  count: number,
): Promise<Delays[]> {
  return withSubscribers(following, transport, count, async (subscribers) => {
    const measured: Delays[] = [];
    for (let write = 0; write < warmUpWrites + writes; write += 1) {
      const sentMs = clockMs();
      const answer = await ask(writing.url, create, { input: drawTodo(random) });
      const answeredMs = clockMs();
      const { id } = (answer as { createTodo: { todo: { id: string } } }).createTodo.todo;
      const atMs = await subscribers.arrivals(id);
      if (write < warmUpWrites) continue;
      measured.push({
        sent: atMs.map((ms) => ms - sentMs),
        answered: atMs.map((ms) => Math.max(ms - answeredMs, 0)),
      });
    }
    return measured;
  });
}

/** Events per second that reach subscribers while writers write as fast as they can. */
async function compareFanOut([everstate, baseline]: Servers, transport: Transport) {
  const pair = {
    everstate: await measureFanOut(everstate, transport),
    baseline: await measureFanOut(baseline, transport),
  };
  const what = `events to ${fanOutCount} subscribers, ${fanOutWriters} writers, ${transport}`;
  return comparison({ benchmark: 'live', what, unit: '/s', better: 'more' }, [pair]);
}

function measureFanOut(server: Server, transport: Transport): Promise<number> {
  return withSubscribers(server, transport, fanOutCount, async (subscribers) => {
    const variables = Array.from({ length: 4_000 }, () => ({ input: drawTodo(random) }));
    const begin = clockMs();
    await applyLoad({
      url: server.url,
      document: create,
      variables,
      connections: fanOutWriters,
      seconds: fanOutSeconds,
    });
    // The last ones are still under way: nothing more arrives when all have.
    let before = -1;
    await until(async () => {
      if (subscribers.delivered === before) return true;
      before = subscribers.delivered;
      await new Promise((resolve) => setTimeout(resolve, 250));
      return false;
    });
    return (subscribers.delivered * fanOutCount * 1_000) / (clockMs() - begin);
  });
}

/** What a subscriber costs that nothing is told. */
async function compareMemory([everstate, baseline]: Servers, transport: Transport) {
  const kilobytes = async (server: Server) => {
    const before = server.residentMb();
    const after = await withSubscribers(server, transport, idleCount, async () =>
      server.residentMb(),
    );
    return ((after - before) * 1_024) / idleCount;
  };
  const [own, other] = [await kilobytes(everstate), await kilobytes(baseline)];
  const what = `memory of an idle subscriber, of ${idleCount}, ${transport} (baseline)`;
  return [orientation('live', what, `${withUnit(own, 'kB')} (${withUnit(other, 'kB')})`)];
}
