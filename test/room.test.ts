/** Room for what is sent: what lets others go on while much is, or is not read. */
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Feed } from '../src/db/feed/feed.ts';
import { limits } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { AnswerRoom } from '../src/http/graphql/answer-room.ts';
import { Backlog, useUnreadAnswers } from '../src/http/index.ts';
import { openTemporary } from './support/temporary-store.ts';

/** One turn of the event loop. */
const turn = () => new Promise<void>((done) => setImmediate(done));

test('those who wait for a commit are woken in turns, each once', async () => {
  const feed = new Feed(() => {});
  let [woken, turns] = [0, 0];
  const count = limits.wakeUpsAtOnce + limits.wakeUpsPerTurn * 3;
  const wait = async () => {
    await feed.wait(new AbortController().signal, () => false);
    woken += 1;
  };
  const all = Promise.all(Array.from({ length: count }, wait));
  feed.wake();
  expect(feed.waiting).toBe(count - limits.wakeUpsAtOnce);
  // Whoever comes to wait meanwhile is woken by the next wake-up, with those that still sleep.
  const late = wait();
  feed.wake();
  while (feed.waiting > 0) {
    await turn();
    turns += 1;
  }
  await Promise.all([all, late]);
  expect([woken, turns]).toEqual([count + 1, 4]);
});

describe('room for answers', () => {
  const room = () => new AnswerRoom(1_000);
  const isInside = async (entering: Promise<boolean>) =>
    await Promise.race([entering, turn().then(() => 'waits')]);

  test('is for more of them when they turn out to be small, and for one that is large', async () => {
    const answers = room();
    const first = ['a', 'b', 'c', 'd'].map((key) => answers.enter(key));
    expect(await Promise.all(first.map(isInside))).toEqual([true, true, 'waits', 'waits']);
    answers.learn(10);
    answers.leave('a');
    expect(await Promise.all(first.map(isInside))).toEqual([true, true, true, true]);
    answers.learn(5_000);
    const next = ['e', 'f'].map((key) => answers.enter(key));
    for (const key of ['b', 'c']) answers.leave(key);
    expect(await Promise.all(next.map(isInside))).toEqual(['waits', 'waits']);
    answers.leave('d');
    expect(await Promise.all(next.map(isInside))).toEqual([true, 'waits']);
    answers.leave('e');
    expect(await Promise.all(next.map(isInside))).toEqual([true, true]);
  });

  test('is given up by who leaves while waiting, and when the connection closes', async () => {
    const answers = room();
    answers.learn(1_000);
    const [a, b, c] = ['a', 'b', 'c'].map((key) => answers.enter(key));
    answers.leave('b');
    expect(await Promise.all([a, b])).toEqual([true, false]);
    answers.close();
    expect(await Promise.all([c, answers.enter('d')])).toEqual([false, false]);
  });
});

test('when too much waits, the connection with most is given up, and counts no more', () => {
  const backlog = new Backlog(100);
  const dropped: string[] = [];
  const connection = (name: string) => ({ drop: () => void dropped.push(name) });
  const [a, b, c] = [connection('a'), connection('b'), connection('c')];
  backlog.add(a, 40);
  backlog.add(b, 50);
  backlog.remove(a, 10);
  expect([backlog.bytes, dropped]).toEqual([80, []]);
  backlog.add(c, 30);
  expect([backlog.bytes, dropped]).toEqual([60, ['b']]);
  backlog.remove(b, 50);
  backlog.forget(b);
  expect(backlog.bytes).toBe(60);
  for (const one of [a, c]) backlog.forget(one);
  expect(backlog.bytes).toBe(0);
});

test('an answer that is made when its client has left waits for nobody', async () => {
  const backlog = new Backlog(1e9);
  const answered = new Promise<number>((done) => {
    const server = createServer((req, res) => {
      req.socket.once('close', () => {
        const response = Response.json('x'.repeat(100_000), {
          headers: { 'content-length': '100002' },
        });
        const payload = { request: {}, response, serverContext: { req, res } };
        useUnreadAnswers(backlog, 1_000).onResponse?.(payload as never);
        server.close();
        done(backlog.bytes);
      });
      client.destroy();
    });
    const client = new Socket();
    server.listen(0, '127.0.0.1', () => {
      client.connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    });
  });
  expect(await answered).toBe(0);
});

describe('a snapshot', () => {
  async function read(queries: string[], bodyLength: number, feeds: number) {
    const store = await openTemporary({
      onReplicaQuery: (query) => queries.push(query),
    });
    const body = 'x'.repeat(bodyLength);
    await store.transact(async (log) => {
      for (let count = 0; count < 100; count += 1) await log.create(Todo, { body });
    });
    const at = await store.head();
    await store.list(Todo, { limit: 1 });
    queries.length = 0;
    const { signal } = new AbortController();
    const readOne = async () => {
      const found: number[] = [];
      for await (const { position } of store.snapshot(Todo, { at, filter: {}, signal })) {
        found.push(position);
        if (bodyLength > 50_000 && found.length === 20) break;
      }
      return found;
    };
    return await Promise.all(Array.from({ length: feeds }, readOne));
  }

  test('is read once for all who begin alike', async () => {
    const [one, many]: [string[], string[]] = [[], []];
    const [alone] = await read(one, 10, 1);
    expect(alone).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const together = await read(many, 10, 200);
    expect(new Set(together.map((found) => found.join()))).toEqual(new Set([alone?.join()]));
    expect(many.length).toBe(one.length);
  });

  test('is read in pages that take about the same memory, and no further than it is taken', async () => {
    const [small, large]: [string[], string[]] = [[], []];
    await read(small, 10, 1);
    // 8 records, and the other 92 at once.
    const perPage = small.length / 2;
    await read(large, 60_000, 1);
    // 8 records, then 4 at a time.
    expect(large.length / perPage).toBe(4);
  });
});
