/** Why a WebSocket of nobody in particular is closed, as clients are told. */
import { once } from 'node:events';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type AppOptions, createApp } from '../src/app.ts';
import { byFunction } from '../src/http/index.ts';
import { listen } from './support/api.ts';
import { openTemporary } from './support/temporary-store.ts';
import { bySecret, tokenOf } from './support/viewers.ts';

/** The close code and reason of a WebSocket that begins with these parameters. */
async function closeOf(
  identity: NonNullable<AppOptions['identity']>,
  payload?: object,
): Promise<[number, string]> {
  const { url } = await listen(createApp(await openTemporary(), { identity }));
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  const [code, reason] = await once(socket, 'close');
  return [code, String(reason)];
}

test('without a token, with a wrong one and with an old one it is closed with 4401, and says why', async () => {
  const identity = bySecret();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  expect(await closeOf(identity)).toEqual([
    4401,
    'A token is needed: Authorization: Bearer <token>.',
  ]);
  const [code, reason] = await closeOf(identity, bearer('nonsense'));
  expect([code, reason]).toEqual([4401, expect.stringContaining('not valid')]);
  expect(await closeOf(identity, bearer(await tokenOf('ada', [], -1)))).toEqual([
    4401,
    'The token has expired.',
  ]);
});

test('a token that expires closes its WebSocket with 4401', async () => {
  const authorization = `Bearer ${await tokenOf('ada', [], 2)}`;
  expect(await closeOf(bySecret(), { authorization })).toEqual([4401, 'The token has expired.']);
});

test('a reason that is too long for a close frame closes it all the same', async () => {
  const identity = byFunction(() => {
    throw new GraphQLError('é'.repeat(100), { extensions: { code: 'UNAUTHENTICATED' } });
  });
  expect(await closeOf(identity)).toEqual([4401, 'é'.repeat(61)]);
});
