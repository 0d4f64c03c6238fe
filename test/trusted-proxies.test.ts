/** Who asks, as a proxy says that has found out: only those that are trusted are believed. */
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { byHeader } from '../src/http/index.ts';
import { identityOf } from '../src/identity.ts';
import { Conversation } from './support/conversation.ts';
import { openTemporary } from './support/temporary-store.ts';
import { type Answered, answeredBy, post, postRaw, serveAsking } from './support/viewers.ts';

const viewer = '{ viewer { id roles } }';
const name = 'x-forwarded-user';

/** By the settings, as a server reads them. */
async function identityBy(trustedProxies: string) {
  const flags = { viewerHeader: 'X-Forwarded-User', trustedProxies };
  return await identityOf(readConfig(flags, {}), { error: () => {} });
}

const serveBehind = async (trustedProxies = '127.0.0.1') =>
  await serveAsking({ identity: await identityBy(trustedProxies) });

function expectRefused({ status, codes, message }: Answered, text: string): void {
  expect([status, codes, message]).toEqual([401, ['UNAUTHENTICATED'], text]);
}

const needed = `The header ${name} must say who asks.`;
const untrusted = 'Trusted proxies alone tell who asks, and this address is none.';

test('the header of a trusted proxy says who asks, on every road', async () => {
  const server = await serveBehind();
  const headers = { [name]: 'ada' };
  const expected = { viewer: { id: 'ada', roles: [] } };
  expect((await post(server, viewer, headers)).data).toEqual(expected);
  const address = `${server.url}/graphql?query=${encodeURIComponent(viewer)}`;
  const got = await answeredBy(address, { headers });
  expect(got.data).toEqual(expected);
  expect(got.headers.get('vary')?.split(/, ?/)).toContain(name);
  const talk = new Conversation(server.ws, undefined, { headers });
  talk.socket.once('open', () => talk.send({ type: 'connection_init' }));
  await talk.next();
  talk.subscribe('q', viewer);
  expect((await talk.next()).payload.data).toEqual(expected);
});

test('without the header nobody is let in, whatever else is said', async () => {
  const server = await serveBehind();
  expectRefused(await post(server, viewer), needed);
  expectRefused(await post(server, viewer, { [name]: '' }), needed);
  expectRefused(await post(server, viewer, { authorization: 'Bearer ada' }), needed);
  expectRefused(await post(server, viewer, { 'x-user': 'ada', forwarded: 'for=ada' }), needed);
  expectRefused(await post(server, viewer, { [name]: 'x'.repeat(257) }), needed);
  expect((await answeredBy(`${server.url}/graphql?${name}=ada&query={viewer{id}}`)).status).toBe(
    401,
  );
  for (const payload of [{ [name]: 'ada' }, { headers: { [name]: 'ada' } }, undefined]) {
    const talk = new Conversation(server.ws);
    talk.socket.once('open', () => talk.send({ type: 'connection_init', payload }));
    expect(await talk.closed()).toBe(`4401 ${needed}`);
  }
  expect(server.logged).toEqual([]);
});

test('what a WebSocket is begun with does not change who asks', async () => {
  const server = await serveBehind();
  const talk = new Conversation(server.ws, undefined, { headers: { [name]: 'ada' } });
  const payload = { [name]: 'bob', authorization: 'Bearer bob' };
  talk.socket.once('open', () => talk.send({ type: 'connection_init', payload }));
  await talk.next();
  talk.subscribe('q', viewer);
  expect((await talk.next()).payload.data.viewer.id).toBe('ada');
});

test('a header that a client sends beside the proxy’s lets in nobody', async () => {
  const server = await serveBehind();
  for (const values of [
    ['bob', 'ada'],
    ['ada', 'ada'],
    ['', 'ada'],
  ]) {
    const { status, text } = await postRaw(server, [
      ...['X-Forwarded-User', values[0] ?? '', name, values[1] ?? ''],
    ]);
    expect([status, text]).toEqual([401, expect.stringContaining('must not be repeated')]);
  }
  // Where the proxy has made one of two, it is a name that is neither.
  expect((await post(server, viewer, { [name]: 'bob, ada' })).data.viewer.id).toBe('bob, ada');
  expect((await post(server, viewer, { [name]: 'cn=ada,dc=everstate' })).data.viewer.id).toBe(
    'cn=ada,dc=everstate',
  );
});

test('a name in any letters is read as UTF-8, and what is none is refused', async () => {
  const server = await serveBehind();
  const asBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  const { text } = await postRaw(server, [name, asBytes('Zoë 李')]);
  expect(JSON.parse(text).data.viewer.id).toBe('Zoë 李');
  expect((await postRaw(server, [name, 'Zo\xeb'])).status).toBe(401);
});

describe('an address that is not trusted', () => {
  test('is not believed', async () => {
    const server = await serveBehind('10.0.0.0/8,127.0.0.2,::1,fd00::/8');
    expectRefused(await post(server, viewer, { [name]: 'ada' }), untrusted);
    expectRefused(
      await post(server, viewer, {
        [name]: 'ada',
        'x-forwarded-for': '127.0.0.2',
        forwarded: 'for=10.1.1.1',
      }),
      untrusted,
    );
    const talk = new Conversation(server.ws, undefined, { headers: { [name]: 'ada' } });
    talk.socket.once('open', () => talk.send({ type: 'connection_init' }));
    expect(await talk.closed()).toBe(`4401 ${untrusted}`);
  });

  test('is not believed beside one that is', async () => {
    const server = await serveBehind('127.0.0.2');
    const ask = (localAddress: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const address = `${server.url}/graphql?query=%7Bviewer%7Bid%7D%7D`;
        const sent = httpRequest(address, { localAddress, headers: { [name]: 'ada' } });
        sent.once('error', reject);
        sent.once('response', (response) => resolve(response.resume().statusCode));
        sent.end();
      });
    expect(await ask('127.0.0.2')).toBe(200);
    expect(await ask('127.0.0.1')).toBe(401);
    expect(await ask('127.0.0.3')).toBe(401);
  });
});

test('blocks are of either version, and an address is the same in both', async () => {
  const trusted = async (proxies: string, remoteAddress: string | undefined) => {
    const { viewerOf } = await identityBy(proxies);
    const values = () => ['ada'];
    const asked = viewerOf({ header: () => 'ada', values, remoteAddress });
    return await asked.then(
      (known) => known?.viewer.id === 'ada',
      () => false,
    );
  };
  const all = '127.0.0.1,10.0.0.0/8,192.168.1.128/25,::1,fd00::/8';
  const believed = [
    ...['127.0.0.1', '::ffff:127.0.0.1', '10.255.255.255', '::ffff:10.1.2.3', '192.168.1.128'],
    ...['::1', 'fd00::1', 'fdff:1::2'],
  ];
  for (const address of believed)
    expect([address, await trusted(all, address)]).toEqual([address, true]);
  const others = [
    ...['127.0.0.2', '11.0.0.0', '9.255.255.255', '192.168.1.127', '::2', 'fe00::1', '::'],
    ...['::ffff:127.0.0.2', '::ffff:11.0.0.0', '::127.0.0.1', '64:ff9b::127.0.0.1'],
    ...['fe80::1%eth0', '', 'localhost', '127.0.0.1, 10.0.0.1', undefined],
  ];
  for (const address of others)
    expect([address, await trusted(all, address)]).toEqual([address, false]);
  expect(await trusted('::ffff:10.0.0.1', '10.0.0.1')).toBe(true);
  expect(await trusted('::ffff:10.0.0.1', '::ffff:10.0.0.1')).toBe(true);
  expect(await trusted('::ffff:10.0.0.0/104', '10.9.9.9')).toBe(true);
  expect(await trusted('::ffff:10.0.0.0/104', '11.9.9.9')).toBe(false);
});

test('over a socket of version 6 a proxy of version 4 is believed by its own address', async () => {
  const hasVersion6 = Object.values(networkInterfaces()).some((each) =>
    each?.some(({ family }) => family === 'IPv6'),
  );
  const store = await openTemporary();
  const server = createServer(createApp(store, { identity: await identityBy('127.0.0.1') }));
  await new Promise<void>((done) => server.listen(0, hasVersion6 ? '::' : '0.0.0.0', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  expect((await post({ url }, viewer, { [name]: 'ada' })).data.viewer.id).toBe('ada');
  if (hasVersion6) {
    const from6 = { url: `http://[::1]:${port}` };
    expectRefused(await post(from6, viewer, { [name]: 'ada' }), untrusted);
  }
});

test('what comes by no connection is believed by nobody', async () => {
  const proxies = new BlockList();
  proxies.addSubnet('0.0.0.0', 0);
  const store = await openTemporary();
  const app = createApp(store, { identity: byHeader(name, proxies) });
  const response = await app.fetch('http://everstate.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', [name]: 'ada' },
    body: JSON.stringify({ query: viewer }),
  });
  expect(response.status).toBe(401);
});
