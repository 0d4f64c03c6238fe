/** In which form answers go out, and what caches are told of it. */
import { describe, expect, test } from 'vitest';
import { answerOf, codesOf, listen, openApi, type TestApi, write } from './support/api.ts';

const json = 'application/json; charset=utf-8';
const graphqlJson = 'application/graphql-response+json; charset=utf-8';
const events = 'text/event-stream';

function ask(api: TestApi, query: string, accept: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  return api.send({ method: 'POST', headers, body: JSON.stringify({ query }) });
}

test.each([
  ['application/json', json],
  ['application/graphql-response+json', graphqlJson],
  ['application/graphql-response+json;q=0, application/json', json],
  ['application/graphql-response+json;q=0.1, application/json', json],
  ['application/graphql-response+json, application/json;q=0.9', graphqlJson],
  ['application/json;q=0, */*', graphqlJson],
  ['Application/JSON', json],
  ['text/event-stream', events],
  ['text/event-stream, application/json', json],
  ['text/event-stream, application/json;q=0.5', events],
  ['text/event-stream;q=0.5, */*;q=0.1', events],
  ['text/html, */*;q=0.1', json],
])('whoever accepts %s is answered %s', async (accept, type) => {
  const api = await openApi();
  const response = await ask(api, '{ log { position } }', accept);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  expect(await response.text()).toContain('{"data":{"log":{"position":"0"}}');
});

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['application/json, text/html;q=0.1', false],
  ['text/html;q=0, application/json', false],
  ['*/*', false],
])('%s is a browser’s wish for a page: %s', async (accept, isPage) => {
  const api = await openApi();
  const response = await api.send(
    { headers: { accept } },
    'http://a.test/graphql?query={__typename}',
  );
  expect([response.status, response.headers.get('content-type')?.includes('html')]).toEqual([
    200,
    isPage,
  ]);
});

test.each([
  ['mutation { createTodo(input: {}) { __typename } }', 'text/html'],
  ['mutation { createTodo(input: {}) { __typename } }', 'application/json;q=0'],
  ['mutation { createTodo(input: {}) { __typename } }', 'multipart/mixed'],
  ['subscription { changes { position } }', 'application/json'],
])('%s is not executed for who accepts but %s', async (query, accept) => {
  const api = await openApi();
  const response = await ask(api, query, accept);
  expect([response.status, codesOf(await answerOf(response))]).toEqual([406, ['NOT_ACCEPTABLE']]);
  expect(await api.position()).toBe('0');
  expect(api.store.waitingFollowers).toBe(0);
});

describe('what an answer varies by', () => {
  const origin = 'http://localhost:5173';
  const varies = (response: Response) => (response.headers.get('vary') ?? '').split(', ').sort();

  test.each([
    ['/files/f/1', {}, 200],
    ['/files/f/1', { range: 'bytes=0-1' }, 206],
    ['/files/f/1', { 'if-none-match': '*' }, 304],
    ['/files/f/9', {}, 404],
    ['/', {}, 200],
    ['/board', {}, 404],
    ['/docs', {}, 200],
  ])('%s %j (%i): the page that asks', async (path, headers, status) => {
    const api = await openApi();
    await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'text' });
    for (const page of [{ origin }, {}]) {
      const init = { headers: { ...headers, ...page } };
      const response = await api.send(init, `http://everstate.test${path}`);
      if (path !== '/board') expect(response.status).toBe(status);
      expect(varies(response)).toEqual(['origin']);
    }
  });

  test.each([
    ['/graphql?query={__typename}', {}, 200],
    ['/graphql?query={__typename}', { 'if-none-match': '*' }, 304],
    ['/graphql?query={', {}, 200],
    ['/graphql', { accept: 'text/html' }, 200],
    ['/graphql?query={__typename}', { accept: 'text/html' }, 200],
  ])('%s %j (%i): also the form that is accepted', async (path, headers, status) => {
    const api = await openApi();
    const response = await api.send({ headers: { origin, ...headers } }, `http://a.test${path}`);
    expect(response.status).toBe(status);
    expect(varies(response)).toEqual(['accept', 'origin']);
  });

  test('a question before a request: all that it asks', async () => {
    const api = await openApi();
    const response = await api.send({
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(varies(response)).toEqual([
      'access-control-request-headers',
      'access-control-request-method',
      'origin',
    ]);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('a download that one page was given is not what another is given', async () => {
    const api = await openApi();
    const { url } = await listen(api.app);
    await write(api, 'create', 'LakeFile', { id: 'f', filename: 'f', text: 'text' });
    for (const page of [origin, 'http://127.0.0.1:3000']) {
      const response = await fetch(`${url}/files/f/1`, { headers: { origin: page } });
      expect(response.headers.get('access-control-allow-origin')).toBe(page);
      expect(response.headers.get('vary')).toBe('origin');
      await response.text();
    }
  });
});
