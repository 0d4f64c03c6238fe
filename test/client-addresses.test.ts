/** Where clients are taken to be: what proxies tell is believed as far as they are. */
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { ClientAddresses, type ClientAddressHeader } from '../src/http/index.ts';
import { listen } from './support/api.ts';
import { exchange, upgradeLines } from './support/raw-http.ts';
import { openTemporary } from './support/temporary-store.ts';

const proxies = ['10.0.0.0/8', '127.0.0.1', 'fd00::/8'];

const addressOf = (
  remoteAddress: string,
  headers: Record<string, string>,
  header: ClientAddressHeader = 'x-forwarded-for',
) =>
  new ClientAddresses(proxies, header).of({
    socket: { remoteAddress },
    headers,
  } as unknown as IncomingMessage);

const stranger = '203.0.113.9';

test('without trusted proxies the connection tells, whatever headers say', () => {
  const clients = new ClientAddresses();
  for (const remoteAddress of ['127.0.0.1', '10.0.0.1', stranger]) {
    const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' };
    const request = { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
    expect(clients.of(request)).toBe(remoteAddress);
  }
});

test('a stranger is not believed', () => {
  expect(addressOf(stranger, { 'x-forwarded-for': '1.2.3.4' })).toBe(stranger);
  expect(addressOf(stranger, { forwarded: 'for=1.2.3.4' }, 'forwarded')).toBe(stranger);
  expect(addressOf('11.0.0.1', { 'x-forwarded-for': '1.2.3.4' })).toBe('11.0.0.1');
});

test.each([
  ['one proxy', '1.2.3.4', '1.2.3.4'],
  ['several, from the right', '9.9.9.9, 1.2.3.4, 10.1.1.1,10.2.2.2', '1.2.3.4'],
  ['what a client made up before', '127.0.0.1, 10.0.0.5, 1.2.3.4', '1.2.3.4'],
  ['proxies all the way', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
  ['no header', '', '10.9.9.9'],
  ['a proxy that does not know', '1.2.3.4, unknown', '10.9.9.9'],
  ['one before that does not know', 'unknown, 10.2.2.2', '10.2.2.2'],
  ['garbage', '1.2.3.4, <script>', '10.9.9.9'],
  ['more garbage', '1.2.3.4, 1.2.3.4.5', '10.9.9.9'],
  ['an empty element', '1.2.3.4, ', '10.9.9.9'],
  ['a port', '1.2.3.4:5678', '1.2.3.4'],
  ['version 4 as version 6', '::ffff:1.2.3.4', '1.2.3.4'],
  ['version 6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['version 6 with a port', '[2001:DB8::1]:443', '2001:db8:0:0::/64'],
  ['a proxy of version 6', '1.2.3.4, fd12::1', '1.2.3.4'],
  ['many, made up', `${'6.6.6.6, '.repeat(1_000)}1.2.3.4`, '1.2.3.4'],
])('X-Forwarded-For of a trusted proxy: %s', (_what, header, address) => {
  const headers = { 'x-forwarded-for': header, forwarded: 'for=6.6.6.6' };
  expect(addressOf('10.9.9.9', headers)).toBe(address);
  expect(addressOf('::ffff:10.9.9.9', headers)).toBe(address);
});

test.each([
  ['one proxy', 'for=1.2.3.4', '1.2.3.4'],
  ['all that may be told', 'for=1.2.3.4;proto=https;by=10.1.1.1;host="a.test"', '1.2.3.4'],
  ['another order, other letters', 'by=10.1.1.1; For="1.2.3.4:99"', '1.2.3.4'],
  ['several', 'for=9.9.9.9, for=1.2.3.4, for=10.1.1.1', '1.2.3.4'],
  ['version 6', 'for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe:0::/64'],
  ['a hidden name', 'for=1.2.3.4, for=_hidden', '10.9.9.9'],
  ['nobody', 'proto=https', '10.9.9.9'],
  ['a quote left open by the client', 'for=6.6.6.6;x=", for=1.2.3.4', '1.2.3.4'],
  ['a name that only ends so', 'xfor=6.6.6.6', '10.9.9.9'],
])('Forwarded of a trusted proxy: %s', (_what, header, address) => {
  const headers = { forwarded: header, 'x-forwarded-for': '6.6.6.6' };
  expect(addressOf('10.9.9.9', headers, 'forwarded')).toBe(address);
});

test('one network of version 6 is one client', () => {
  const of = (address: string) => addressOf(address, {});
  expect(of('2001:db8::1')).toBe(of('2001:db8:0:0:ffff::1'));
  expect(of('2001:db8::1')).not.toBe(of('2001:db8:0:1::1'));
  expect(of('::1')).toBe('0:0:0:0::/64');
  expect(of('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});

test('connections are counted by the clients behind a trusted proxy, and by no other word', async () => {
  const store = await openTemporary();
  const limits = { connectionsPerClientMax: 1 };
  const open = async (clients: ClientAddresses) =>
    (await listen(createApp(store, { limits, clients }))).url;
  const statuses = async (url: string, addresses: readonly string[]) => {
    // Held on to: a stream that nobody holds, fetch cancels when it is collected.
    const found: Response[] = [];
    for (const address of addresses) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          'x-forwarded-for': address,
        },
        body: JSON.stringify({ query: 'subscription { changes { id } }' }),
      });
      found.push(response);
      // Over a WebSocket it is the same client.
      const lines = ['GET /graphql HTTP/1.1', 'Host: a', `X-Forwarded-For: ${address}`];
      if (response.status === 200) {
        expect((await exchange(url, [...lines, ...upgradeLines]))[0]).toBe(429);
      }
    }
    return found.map(({ status }) => status);
  };
  const told = await open(new ClientAddresses(['127.0.0.1']));
  expect(await statuses(told, ['1.1.1.1', '2.2.2.2', '1.1.1.1', '9.9.9.9, 2.2.2.2'])).toEqual([
    200, 200, 429, 429,
  ]);
  const deaf = await open(new ClientAddresses(['10.0.0.1']));
  expect(await statuses(deaf, ['1.1.1.1', '2.2.2.2'])).toEqual([200, 429]);
});
