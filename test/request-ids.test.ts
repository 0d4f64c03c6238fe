/** Each request has an id: in its answer, in the log, and in errors that the log has more of. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { FrontDoor } from '../src/http/index.ts';
import { answerOf, listen, openApi, type TestApi } from './support/api.ts';

const made = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const json = { 'content-type': 'application/json' };
const body = JSON.stringify({ query: '{ log { position } }' });

let api: TestApi;
beforeEach(async () => {
  api = await openApi();
});

/** One request by each road: a plain operation, and what is none. */
const roads = [
  ['a plain operation', '/graphql', { method: 'POST', headers: json, body }],
  ['a query by GET', '/graphql?query={log{position}}', {}],
  ['a broken document', '/graphql', { method: 'POST', headers: json, body: '{"query":"{"}' }],
  ['a page', '/docs', {}],
  ['a file that is not there', '/files/none/1', {}],
  ['health', '/health/ready', {}],
  ['what there is not', '/nowhere', {}],
] as const;

describe('the answer has the id of its request', () => {
  test.each(roads)('by %s', async (_road, path, init) => {
    const { url } = await listen(api.app);
    const ask = async (id?: string) => {
      const headers = { ...('headers' in init && init.headers), ...(id && { 'x-request-id': id }) };
      const response = await fetch(`${url}${path}`, { ...init, headers });
      await response.arrayBuffer();
      return response.headers.get('x-request-id');
    };
    const [first, second] = [await ask(), await ask()];
    expect([first, second]).toEqual([expect.stringMatching(made), expect.stringMatching(made)]);
    expect(first).not.toBe(second);
    expect(await ask('proxy-1/4f:a=b+c@d~e_f.g')).toBe('proxy-1/4f:a=b+c@d~e_f.g');
  });

  test('also where it is refused at the door', async () => {
    const door = new FrontDoor(() => false);
    const { url, server } = await listen(api.app);
    server.removeAllListeners('request');
    server.on('request', (request, response) => door.answers(request, response));
    const response = await fetch(url, { headers: { 'x-request-id': 'mine' } });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([421, 'mine']);
  });

  test('also where a WebSocket is opened, or refused', async () => {
    const { url } = await listen(api.app);
    const open = async (path: string) => {
      const address = `${url.replace('http', 'ws')}${path}`;
      const headers = { 'x-request-id': 'socket-1' };
      const socket = new WebSocket(address, 'graphql-transport-ws', { headers });
      onTestFinished(() => socket.terminate());
      socket.on('error', () => {});
      const answers = [once(socket, 'upgrade'), once(socket, 'unexpected-response')];
      return (await Promise.race(answers)).at(-1).headers['x-request-id'];
    };
    expect([await open('/graphql'), await open('/elsewhere')]).toEqual(['socket-1', 'socket-1']);
  });
});

test.each(['', 'a b', 'x'.repeat(129), 'a"b', 'a,b', '<b>', 'ü', '{}'])(
  'an id %j is not repeated',
  async (id) => {
    const { url } = await listen(api.app);
    const sent = httpRequest(`${url}/graphql?query={log{position}}`, {
      headers: { 'x-request-id': Buffer.from(id).toString('latin1') },
    }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    expect(response.headers['x-request-id']).toMatch(made);
  },
);

test('two ids are none', async () => {
  const { url } = await listen(api.app);
  const sent = httpRequest(`${url}/health`, { headers: { 'x-request-id': ['a', 'b'] } }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  expect(response.headers['x-request-id']).toMatch(made);
});

test('what nobody expected is logged under the id of its request, which the error tells', async () => {
  const { url } = await listen(api.app);
  Object.assign(api.store, { head: () => Promise.reject(new Error('Nobody expected it.')) });
  const headers = { ...json, 'x-request-id': 'mine-7' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  const { errors } = await answerOf(response);
  expect(response.headers.get('x-request-id')).toBe('mine-7');
  expect(errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'mine-7' });
  expect(errors?.[0]?.message).toContain('under mine-7.');
  expect(api.logged).toMatchObject([{ requestId: 'mine-7' }]);
});
