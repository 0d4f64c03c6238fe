/** Bodies that say what they are, and are what they say. */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { answerOf, codesOf, listen, openApi, type TestApi } from './support/api.ts';

const create = JSON.stringify({
  query: 'mutation ($id: ID) { createTodo(input: { id: $id, subject: "ü" }) { __typename } }',
  variables: { id: 'a' },
});

function post(api: TestApi, body: BodyInit, headers: Record<string, string> = {}) {
  const json = { 'content-type': 'application/json' };
  return api.send({ method: 'POST', headers: { ...json, ...headers }, body });
}

async function subjectOf(api: TestApi): Promise<string | null> {
  return (await api.data('{ todo(id: "a") { subject } }')).todo?.subject ?? null;
}

test.each([
  'application/json',
  'Application/JSON',
  'application/json ; charset=utf-8',
  'application/json;charset="UTF-8";',
  'application/json; charset=utf8',
  'application/graphql+json',
])('a body of %s is taken', async (type) => {
  const api = await openApi();
  const response = await post(api, create, { 'content-type': type });
  expect([response.status, codesOf(await answerOf(response))]).toEqual([200, []]);
  expect(await subjectOf(api)).toBe('ü');
});

test.each([
  ['content-type', 'application/json; charset=iso-8859-1'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json; charset="UTF-7"'],
  ['content-type', 'application/json; charset=nonsense'],
  ['content-type', 'application/json; charset = utf-16'],
  ['content-type', 'application/json-patch+json'],
  ['content-type', 'text/plain; charset=utf-8'],
  ['content-type', 'application/json, text/plain'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity, br'],
  ['content-encoding', 'utf-16'],
])('a body whose %s is %s is refused', async (name, value) => {
  const api = await openApi();
  const response = await post(api, create, { [name]: value });
  const answer = await answerOf(response);
  expect([response.status, codesOf(answer)]).toEqual([415, ['UNSUPPORTED_MEDIA_TYPE']]);
  expect(answer.errors?.[0]?.message).toContain(JSON.stringify(value));
  expect(await api.position()).toBe('0');
});

test('an encoding that changes nothing is taken', async () => {
  const api = await openApi();
  expect((await post(api, create, { 'content-encoding': 'Identity' })).status).toBe(200);
  expect(await subjectOf(api)).toBe('ü');
});

/** The text with its ü replaced by other bytes. */
function withBytes(...bytes: number[]): Buffer<ArrayBuffer> {
  const [before = '', after = ''] = create.split('ü');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}

test.each([
  ['a byte that never is', [0xff]],
  ['a letter in another encoding', [0xfc]],
  ['half a letter', [0xc3]],
  ['half a pair of surrogates', [0xed, 0xa0, 0x80]],
  ['a letter longer than it is', [0xc1, 0x81]],
])('bytes that are no UTF-8 are refused, such as %s', async (_what, bytes) => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: withBytes(...bytes) };
  for (const response of [
    await fetch(`${url}/graphql`, init as RequestInit),
    await api.send(init),
  ]) {
    const answer = await answerOf(response);
    expect([response.status, codesOf(answer)]).toEqual([400, ['BAD_REQUEST']]);
    expect(answer.errors?.[0]?.message).toContain('UTF-8');
  }
  expect(await api.position()).toBe('0');
});

test('a byte order mark is no part of the text', async () => {
  const api = await openApi();
  expect(
    (await post(api, Buffer.concat([Buffer.from('\uFEFF'), Buffer.from(create)]))).status,
  ).toBe(200);
  expect(await subjectOf(api)).toBe('ü');
});

test.each(['application/json', 'application/graphql-response+json', '*/*'])(
  'what is no request is 400 for whoever accepts %s',
  async (accept) => {
    const api = await openApi();
    for (const body of ['{}', '', '[]', 'null', '1', '{', '{"query": 1}', '{"query": null}']) {
      const response = await post(api, body, { accept });
      expect([body, response.status, codesOf(await answerOf(response))]).toEqual([
        body,
        400,
        ['BAD_REQUEST'],
      ]);
    }
  },
);

test.each([
  ['text that is no UTF-8', withBytes(0xff), false, 1007],
  ['bytes instead of text', Buffer.from('{"type":"connection_init"}'), true, 4400],
])('over WebSocket %s ends the connection', async (_what, message, binary, code) => {
  const api = await openApi();
  const { url } = await listen(api.app);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send(message, { binary });
  expect((await once(socket, 'close'))[0]).toBe(code);
});
