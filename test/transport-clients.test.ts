/** graphql-ws and graphql-sse, unmodified: both tell the same, and neither loses anything. */
import './support/web-socket.ts';
import { expect, onTestFinished, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { followTodos, overServerSentEvents, overWebSocket } from './clients/transports/follow.ts';
import { openApi, type TestApi, write } from './support/api.ts';
import { serve } from './support/served.ts';
import { everstate, ready } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

const transports = { WebSocket: overWebSocket, 'server-sent events': overServerSentEvents };
type Transport = keyof typeof transports;
const names = Object.keys(transports) as Transport[];

function open(over: Transport, url: string) {
  const client = transports[over](url);
  onTestFinished(() => void client.dispose());
  return client;
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

interface Subscriber {
  subscribe(
    request: { query: string; variables: Record<string, unknown> },
    sink: { next(answer: unknown): void; error(error: unknown): void; complete(): void },
  ): () => void;
}

/** What a client is told by a subscription, whole answers, until there are so many. */
async function told(client: Subscriber, query: string, count: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  const failures: unknown[] = [];
  const stop = client.subscribe(
    { query, variables: {} },
    {
      next: (answer) => answers.push(answer),
      error: (error) => failures.push(error),
      complete: () => {},
    },
  );
  await until(() => answers.length >= count || failures.length > 0);
  stop();
  expect(failures).toEqual([]);
  return answers;
}

test('both are told the same, of todos and of everything', async () => {
  const api = await openApi();
  const { url } = await serve(api);
  for (const status of ['open', 'doing', 'done']) {
    const verb = status === 'open' ? 'create' : 'update';
    await write(api, verb, 'Todo', { id: 'a', status });
    await write(api, 'create', 'LakeFile', { filename: status, text: status });
  }
  await write(api, 'delete', 'Todo', { id: 'a' });
  const todoChanges = `subscription {
    todoChanges(after: "0", filter: { status: { ne: "doing" } }) {
      kind position id todo { status revision } version { id operation } previous { id }
    }
  }`;
  const changes = `subscription {
    changes(after: "0") { position entity id version { id changes { field before after } } }
  }`;
  for (const [query, count] of [
    [todoChanges, 5],
    [changes, 7],
  ] as const) {
    const [overSocket, overStream] = await Promise.all(
      names.map((over) => told(open(over, url) as Subscriber, query, count)),
    );
    expect(overSocket).toHaveLength(count);
    expect(overStream).toEqual(overSocket);
  }
});

const writes = 5_000;

/** Many todos, each in a place of its own in the log, a few to each transaction. */
async function writeMany({ store }: TestApi): Promise<void> {
  const perTransaction = 20;
  for (let begin = 0; begin < writes; begin += perTransaction) {
    await store.transact(async (log) => {
      for (let count = 0; count < perTransaction; count += 1) await log.create(Todo, {});
    });
  }
}

test.each(names)(
  'cut off again and again amid 5,000 writes, %s goes on where it was',
  async (over) => {
    const api = await openApi();
    const { url, cut } = await serve(api);
    const positions: number[] = [];
    const refusals: unknown[] = [];
    const stop = followTodos(
      open(over, url),
      '0',
      ({ kind, position }) => void (kind === 'CAUGHT_UP' || positions.push(Number(position))),
      (error) => refusals.push(error),
    );
    onTestFinished(stop);
    await until(() => api.store.waitingFollowers === 1);
    const writing = writeMany(api);
    for (const seen of [1, 700, 1_900, 3_300, 4_200]) {
      await until(() => positions.length >= seen);
      expect(cut()).toBeGreaterThan(0);
      // Nobody holds on to who is gone.
      await until(() => api.store.waitingFollowers === 0);
    }
    await writing;
    await until(() => positions.length >= writes || refusals.length > 0);
    expect(refusals).toEqual([]);
    expect(positions).toEqual(range(1, writes));
  },
);

test('when the server is stopped and started again, both go on where they were', async () => {
  const data = temporaryDirectory();
  const start = (port: string) => {
    return ready(everstate(['serve', '--data', data, '--port', port]));
  };
  const create = (id: string) => `mutation { createTodo(input: { id: "${id}" }) { __typename } }`;
  const first = await start('0');
  const told = names.map((over) => {
    const ids: string[] = [];
    const client = open(over, first.url);
    const stop = followTodos(client, '0', ({ kind, id }) => kind === 'ENTER' && ids.push(id));
    return { ids, stop };
  });
  const isTold = (count: number) => told.every(({ ids }) => ids.length === count);
  await first.data(create('before'));
  await until(() => isTold(1));
  expect(await first.process.stop('SIGTERM')).toMatchObject({ code: 0 });
  const second = await start(new URL(first.url).port);
  await second.data(create('meanwhile'));
  await until(() => isTold(2));
  for (const { ids, stop } of told) {
    expect(ids).toEqual(['before', 'meanwhile']);
    stop();
  }
});

test.each(names)(
  'a feed that is refused over %s says why, and is not asked for again',
  async (over) => {
    const api = await openApi();
    const { url } = await serve(api);
    const refusal = await new Promise((refused) => {
      followTodos(open(over, url), '2', () => {}, refused);
    });
    expect(refusal).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  },
);
