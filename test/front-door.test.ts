/** Whom a request asks, and for what: hosts, and the forms of a request's target. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostnameOf, hostRule } from '../src/http/server/hosts.ts';
import { listen, openApi } from './support/api.ts';
import { connectTo, exchange, upgradeLines } from './support/raw-http.ts';
import { everstate, ready, type TestProcess } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';

async function serve(...args: string[]): Promise<{ url: string; process: TestProcess }> {
  const data = join(temporaryDirectory(), 'data');
  const process = everstate(['serve', '--port', '0', '--data', data, ...args]);
  return { url: new URL((await ready(process)).url).origin, process };
}

/** Asks under a name; the status and the text. */
async function ask(url: string, host: string, path = '/'): Promise<[number, string]> {
  const request = httpRequest(`${url}${path}`, { headers: { host } }).end();
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return [response.statusCode, text];
}

const rest = ['Host: localhost', 'Connection: close'];

test('on loopback the server answers to the names of this machine, and to those it is told', async () => {
  const { url } = await serve('--allowed-host', 'everstate.test', '--allowed-host', 'Two.test');
  const { port } = new URL(url);
  const answered = [
    'localhost',
    '127.0.0.1',
    '[::1]',
    'everstate.test',
    'EVERSTATE.test',
    'two.test',
  ];
  for (const name of answered.flatMap((name) => [name, `${name}:${port}`, `${name}:1`])) {
    expect([name, ...(await ask(url, name))].slice(0, 2)).toEqual([name, 200]);
  }
  const others = [
    'evil.test',
    `evil.test:${port}`,
    'localhost.evil.test',
    '10.0.0.1',
    'two',
    '0.0.0.0',
  ];
  for (const name of others) {
    for (const path of ['/', '/graphql?query={__typename}', '/files/f/1', '/board/', '/docs']) {
      const [status, text] = await ask(url, name, path);
      expect([name, path, status]).toEqual([name, path, 421]);
      expect(text).toMatch(/^This server does not answer to \S+\. .*--allowed-host .*\n$/);
    }
    const head = ['GET /graphql HTTP/1.1', `Host: ${name}`, ...upgradeLines];
    expect((await exchange(url, head))[0]).toBe(421);
    const preflight = ['OPTIONS /graphql HTTP/1.1', `Host: ${name}`, 'Connection: close'];
    expect((await exchange(url, preflight))[0]).toBe(421);
  }
  for (const name of ['[', 'a b', '%', 'a/b', 'localhost/../x', 'me@localhost', '\\']) {
    expect((await ask(url, name))[0]).toBe(400);
  }
  const opened = await connectTo(url);
  opened.write(['GET /graphql HTTP/1.1', 'Host: two.test', ...upgradeLines, '', ''].join('\r\n'));
  expect(String((await once(opened, 'data'))[0])).toContain('HTTP/1.1 101 ');
});

test('on another address the server answers to addresses too, and to no other name', () => {
  const accepts = (listening: string, allowed: string[], host: string) =>
    hostRule(listening, allowed)(hostnameOf(host) ?? '');
  for (const listening of ['0.0.0.0', '::', '192.168.1.5', 'everstate.lan']) {
    for (const host of ['localhost', '192.168.1.5:4000', '[fe80::1]', 'a.test', '127.0.0.1']) {
      expect([listening, host, accepts(listening, ['a.test'], host)]).toEqual([
        listening,
        host,
        true,
      ]);
    }
    for (const host of ['evil.test', '1.2.3.4.evil.test', 'b.a.test']) {
      expect([listening, host, accepts(listening, ['a.test'], host)]).toEqual([
        listening,
        host,
        false,
      ]);
    }
  }
  expect(accepts('everstate.lan', [], 'Everstate.lan:4000')).toBe(true);
  for (const listening of ['localhost', '127.0.0.1', '::1', '127.0.0.2']) {
    expect(accepts(listening, [], '192.168.1.5')).toBe(false);
    expect(accepts(listening, [], '127.0.0.1')).toBe(true);
  }
  expect(accepts('127.0.0.2', [], '127.0.0.2')).toBe(true);
});

test('a target in full is taken by its path, and keeps what it asks', async () => {
  const { url } = await serve();
  for (const first of [
    'GET http://evil.example/ HTTP/1.1',
    'GET HTTP://evil.example HTTP/1.1',
    'GET https://evil.example:8443/ HTTP/1.1',
    'GET http://localhost/ HTTP/1.1',
  ]) {
    const [status, text] = await exchange(url, [first, ...rest]);
    expect([first, status, text]).toEqual([
      first,
      200,
      expect.stringContaining('<title>Everstate'),
    ]);
  }
  const query = 'GET http://evil.example/graphql?query=%7B__typename%7D HTTP/1.1';
  const [status, text] = await exchange(url, [query, ...rest]);
  expect([status, JSON.parse(text)]).toEqual([200, { data: { __typename: 'Query' } }]);
  const socket = await connectTo(url);
  const upgrade = 'GET http://evil.example/graphql HTTP/1.1';
  socket.write([upgrade, 'Host: localhost', ...upgradeLines, '', ''].join('\r\n'));
  expect(String((await once(socket, 'data'))[0])).toContain('HTTP/1.1 101 ');
});

test('the server as such may be asked for its options alone', async () => {
  const { url } = await serve();
  expect(await exchange(url, ['OPTIONS * HTTP/1.1', ...rest])).toEqual([204, '']);
  for (const method of ['GET', 'HEAD', 'POST', 'PUT']) {
    expect((await exchange(url, [`${method} * HTTP/1.1`, ...rest]))[0]).toBe(400);
  }
  const upgrade = ['GET * HTTP/1.1', 'Host: localhost', ...upgradeLines];
  expect((await exchange(url, upgrade))[0]).toBe(400);
  const evil = ['OPTIONS * HTTP/1.1', 'Host: evil.test', 'Connection: close'];
  expect((await exchange(url, evil))[0]).toBe(421);
});

test('a target that is none, or strange, is told nothing of the inside', async () => {
  const { url, process } = await serve();
  for (const first of [
    'GET ftp://a/b HTTP/1.1',
    'GET file:///etc/passwd HTTP/1.1',
    'GET http:///x HTTP/1.1',
    'GET //evil.example/ HTTP/1.1',
    'GET /%zz?%00#x HTTP/1.1',
    'GET nothing HTTP/1.1',
    'GET /\\..\\x HTTP/1.1',
    'TRACE / HTTP/1.1',
  ]) {
    const [status, text] = await exchange(url, [first, ...rest]);
    expect([first, status >= 400 && status < 500]).toEqual([first, true]);
    expect(text).not.toMatch(/node_modules|\.ts:|\.js:|\bat /);
  }
  expect(process.stderr).toBe('');
});

test.each([
  ['another path', ['GET /nothing HTTP/1.1', 'Host: a']],
  ['a page from elsewhere', ['GET /graphql HTTP/1.1', 'Host: a', 'Origin: https://b']],
])('a WebSocket refused for %s is rid of, though its client stays', async (_why, lines) => {
  const api = await openApi();
  const { url, server } = await listen(api.app);
  const socket = await connectTo(url);
  socket.on('error', () => {});
  socket.write([...lines, ...upgradeLines, '', ''].join('\r\n'));
  const connections = () =>
    new Promise<number>((counted) => server.getConnections((_error, count) => counted(count)));
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 40[34] /);
  // Its end stays open, and it goes on sending.
  const sending = setInterval(() => socket.write('more'), 50);
  try {
    while ((await connections()) > 0) await new Promise((next) => setTimeout(next, 20));
  } finally {
    clearInterval(sending);
  }
});
