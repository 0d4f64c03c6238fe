/** The headers of an answer are its own: nothing of them is in a later one. */
import { expect, test } from 'vitest';
import { listen, openApi, write } from './support/api.ts';

const origin = 'http://localhost:5173';

const query = JSON.stringify({ query: '{ todos { totalCount } }' });
const posted = (accept: string, body = query) => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', accept },
});

/** Requests whose answers say little, by what they are answered. */
const requests = {
  'a file': ['/files/f'],
  'a folder': ['/files/by-path/'],
  'no file': ['/files/none'],
  'another method': ['/files/f', { method: 'DELETE' }],
  'a body that is packed': [
    '/files/by-path/f',
    { method: 'PUT', body: 'x', headers: { 'content-encoding': 'gzip' } },
  ],
  'an upload of no version': ['/files/uploads', { method: 'POST' }],
  'an answer': ['/graphql', posted('application/json')],
  'an answer as an event': ['/graphql', posted('text/event-stream')],
  'an error': ['/graphql', posted('application/json', '{')],
  'an error as an event': ['/graphql', posted('text/event-stream', '{"query":"{ none }"}')],
  health: ['/health'],
  'a page': ['/'],
  'a guide': ['/docs/lake'],
  'no guide': ['/docs/none'],
} as const satisfies Record<string, readonly [path: string, init?: RequestInit]>;

/** What an answer says besides what differs each time. */
function told({ status, headers }: Response): Record<string, string> {
  const { 'x-request-id': _, date: __, ...others } = Object.fromEntries(headers);
  return { status: String(status), ...others };
}

test.each(Object.entries(requests))('%s', async (_, [path, init = {}]) => {
  const api = await openApi();
  await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'x' });
  const { url } = await listen(api.app);
  const ask = async (more: Record<string, string> = {}) => {
    const headers = { ...('headers' in init && init.headers), ...more };
    const response = await fetch(`${url}${path}`, { ...init, headers });
    await response.arrayBuffer();
    return response;
  };
  const first = told(await ask());
  const ofPage = await ask({ origin });
  expect(ofPage.headers.get('access-control-allow-origin')).toBe(origin);
  expect(told(await ask())).toEqual(first);
});

test('what cannot be had now is told whole, on every road', async () => {
  const api = await openApi();
  const { url } = await listen(api.app);
  await api.store.close();
  const message = 'The store is closing.';
  for (let round = 0; round < 2; round += 1) {
    const file = await fetch(`${url}/files/f/1`, { headers: { origin } });
    expect([file.status, await file.text()]).toEqual([503, `${message}\n`]);
    const answer = await fetch(`${url}/graphql`, posted('application/json'));
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([503, null]);
    expect(await answer.json()).toMatchObject({ errors: [{ message }] });
    const health = await fetch(`${url}/health/ready`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'unavailable' }]);
  }
});
