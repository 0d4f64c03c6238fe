/** Clients that ask for much and do not read: how much is made for them, and when they are given up. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { listen, TestApi } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { putFiles } from './support/stored-files.ts';
import { openTemporary } from './support/temporary-store.ts';
import { until, untilWaiting } from './support/until.ts';

const bodies = 160;
const tenMegabytes = `{ todos(first: ${bodies}) { edges { node { body } } } }`;

/** An application whose todos fill an answer of ten megabytes, and how often they were asked for. */
async function open(limits: ConstructorParameters<typeof TestApi>[1] = {}) {
  let queries = 0;
  const store = await openTemporary({
    // Each answer is to be worked out, and counted.
    keptAnswersBytesMax: 0,
    onReplicaQuery: () => {
      queries += 1;
    },
  });
  await store.transact(async (log) => {
    for (let count = 0; count < bodies; count += 1)
      await log.create(Todo, { body: 'x'.repeat(60_000) });
  });
  const api = new TestApi(store, { keptOperationsBytesMax: 0, ...limits });
  const { url, server } = await listen(api.app);
  await api.data(tenMegabytes);
  const perAnswer = queries;
  queries = 0;
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  return { api, url: `${url}/graphql`, sockets, answers: () => queries / perAnswer };
}

/** Resolves once a number has stayed the same for a while. */
async function settled(number: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 15; await sleep(100)) {
    same = number() === last ? same + 1 : 0;
    last = number();
  }
  return last;
}

/** Asks over HTTP, and reads nothing until it is resumed. */
function askWithoutReading(url: string, query = tenMegabytes, accept = '*/*'): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.pause();
  const body = JSON.stringify({ query });
  const head = `host: x\r\naccept: ${accept}\r\nconnection: close\r\ncontent-type: application/json`;
  socket.write(
    `POST /graphql HTTP/1.1\r\n${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

test('over WebSocket, who does not read is not answered on and on, and goes on when it reads', async () => {
  const { url, answers } = await open();
  const talk = await Conversation.begin(url.replace('http', 'ws'));
  talk.socket.pause();
  for (let id = 0; id < 10; id += 1) talk.subscribe(`${id}`, tenMegabytes);
  // Two at first; as soon as one has left, one more.
  expect(await settled(answers)).toBeLessThanOrEqual(3);
  talk.socket.resume();
  const answered = new Set<string>();
  while (answered.size < 10) {
    const { type, id, payload } = await talk.next();
    if (type === 'next') expect(payload.data.todos.edges).toHaveLength(bodies);
    else answered.add(`${id} ${type}`);
  }
  expect(answers()).toBe(10);
});

test('mutations that wait for room are made in the end, each once', async () => {
  const { api, url } = await open();
  const talk = await Conversation.begin(url.replace('http', 'ws'));
  const create = (id: number) => `mutation { createTodo(input: { id: "${id}" }) { __typename } }`;
  talk.socket.pause();
  for (let id = 0; id < 5; id += 1) talk.subscribe(`q${id}`, tenMegabytes);
  for (let id = 0; id < 50; id += 1) talk.subscribe(`m${id}`, create(id));
  for (let id = 0; id < 50; id += 1) talk.send({ type: 'complete', id: `m${id}` });
  talk.socket.resume();
  const position = String(bodies + 50);
  while ((await api.position()) !== position) await sleep(20);
  talk.subscribe('last', '{ log { position } }');
  for (let last = ''; last !== 'last'; ) last = (await talk.next()).id ?? '';
});

test('small answers go on beside one another', async () => {
  const { url } = await open();
  const talk = await Conversation.begin(url.replace('http', 'ws'));
  const query = '{ log { position } }';
  for (let round = 0; round < 20; round += 1) {
    for (let id = 0; id < 90; id += 1) talk.subscribe(`${id}`, query);
    const ended = new Set<string>();
    while (ended.size < 90) {
      const { type, id = '' } = await talk.next();
      if (type === 'complete') ended.add(id);
    }
  }
});

test('a WebSocket on which too much waits is closed, to be tried again later', async () => {
  const tryAgainLater = 1013;
  const { url, sockets } = await open();
  const talk = await Conversation.begin(url.replace('http', 'ws'));
  const small = '{ log { position } }';
  for (let id = 0; id < 20; id += 1) {
    talk.subscribe(`${id}`, small);
    for (let type = ''; type !== 'complete'; ) type = (await talk.next()).type;
  }
  // Small answers have made room for many, which now turn out to be large.
  talk.socket.pause();
  const closed = once(talk.socket, 'close');
  for (let id = 0; id < 40; id += 1) talk.subscribe(`${id}`, tenMegabytes);
  await until(() => sockets.at(-1)?.destroyed === true);
  talk.socket.resume();
  const [code] = await closed;
  // Whoever does not read at all is cut off before it could read why.
  expect([1006, tryAgainLater]).toContain(code);
});

test('answers over one WebSocket come whole, however large, and small ones between them', async () => {
  const { url } = await open();
  const talk = await Conversation.begin(url.replace('http', 'ws'));
  const small = '{ log { position } }';
  for (let id = 0; id < 12; id += 1) talk.subscribe(`${id}`, id % 3 === 0 ? tenMegabytes : small);
  const bytes = new Map<string, number>();
  for (let ended = 0; ended < 12; ) {
    const { type, id = '', payload } = await talk.next();
    if (type === 'complete') ended += 1;
    else bytes.set(id, JSON.stringify(payload.data).length);
  }
  for (const [id, length] of bytes) {
    if (Number(id) % 3 === 0) expect(length).toBeGreaterThan(9e6);
    else expect(length).toBe(`{"log":{"position":"${bodies}"}}`.length);
  }
  expect(bytes.size).toBe(12);
});

test('when too much waits on all connections, the one with most is cut off', async () => {
  const { api, url, sockets } = await open({ backlogBytesMax: 35 * 1024 * 1024 });
  for (let count = 0; count < 6; count += 1) askWithoutReading(url);
  const cutOff = () => sockets.filter(({ destroyed }) => destroyed).length;
  await until(() => sockets.length === 6 && cutOff() >= 3);
  expect(await settled(cutOff)).toBe(3);
  expect(await api.position()).toBe(`${bodies}`);
});

test('so are subscriptions whose events wait, and not those whose events are taken', async () => {
  const { api, url, sockets } = await open({ backlogBytesMax: 20 * 1024 * 1024 });
  // An event of six megabytes each.
  const aliases = Array.from({ length: 100 }, (_, number) => `a${number}: body`).join(' ');
  const feed = `subscription { todoChanges { todo { ${aliases} } } }`;
  for (let count = 0; count < 5; count += 1) askWithoutReading(url, feed, 'text/event-stream');
  const reading = askWithoutReading(url, feed, 'text/event-stream');
  reading.resume();
  let bytes = 0;
  reading.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await untilWaiting(api.store, 6);
  for (let count = 1; count <= 4; count += 1) {
    await api.store.append(Todo, { body: 'x'.repeat(60_000) });
    await until(() => bytes > count * 5.9e6);
  }
  await until(() => sockets.filter(({ destroyed }) => destroyed).length >= 2);
  expect(reading.closed).toBe(false);
});

test('an answer over HTTP is cut off when none of it is taken, and not when it is taken slowly', async () => {
  const { url, sockets } = await open({ stalledTimeMaxMs: 2_000 });
  const none = askWithoutReading(url);
  await once(none, 'connect');
  const slow = askWithoutReading(url);
  let [bytes, stepBytes, head] = [0, 0, ''];
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    stepBytes += chunk.length;
    if (head.length < 1_000) head += chunk;
    if (stepBytes > 150_000) slow.pause();
  });
  // Twice as long as a client may take nothing.
  for (let step = 0; step < 40; step += 1) {
    stepBytes = 0;
    slow.resume();
    await sleep(100);
  }
  const [noneAtServer] = sockets;
  await until(() => noneAtServer?.destroyed === true);
  slow.removeAllListeners('data');
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  slow.resume();
  await once(slow, 'end');
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  expect(length).toBeGreaterThan(9e6);
  expect(bytes).toBe(length + head.indexOf('\r\n\r\n') + 4);
});

test('a stored file of JSON is no answer that waits, however large, and may be read slowly', async () => {
  const limits = { backlogBytesMax: 1_000_000, stalledTimeMaxMs: 300 };
  const { api, url } = await open(limits);
  const contents = Buffer.alloc(20_000_000, 'x');
  await putFiles(api.store, [{ id: 'f', filename: 'f.json', contents }]);
  const response = await fetch(new URL('/files/f', url));
  expect(response.headers.get('content-type')).toBe('application/json');
  let length = 0;
  for await (const chunk of response.body ?? []) {
    if (length === 0) await sleep(1_000);
    length += chunk.length;
  }
  expect(length).toBe(contents.length);
});
