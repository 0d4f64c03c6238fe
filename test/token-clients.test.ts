/** Clients whose tokens are renewed, set up as docs/clients.md says, against a real server. */
import './support/web-socket.ts';
import { gql as apolloGql } from '@apollo/client';
import { gql } from '@urql/core';
import { GraphQLError } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import type { Store } from '../src/db/index.ts';
import { Todo } from '../src/entities/index.ts';
import { type Identity, signToken } from '../src/http/index.ts';
import { connect as connectApollo } from './clients/apollo/clients.ts';
import { followTodos as followWithApollo } from './clients/apollo/follow.ts';
import { introspect } from './clients/introspect.ts';
import { possibleTypesOf } from './clients/possible-types.ts';
import { withTokens as apolloWith } from './clients/tokens/apollo.ts';
import { Tokens } from './clients/tokens/tokens.ts';
import { socketsWith, streamsWith } from './clients/tokens/transports.ts';
import { withTokens as urqlWith } from './clients/tokens/urql.ts';
import { followTodos } from './clients/transports/follow.ts';
import { connect as connectUrql, overWebSocket } from './clients/urql/clients.ts';
import { followTodos as followWithUrql } from './clients/urql/follow.ts';
import { serve } from './support/served.ts';
import { openTemporary } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { bySecret, tokenOf } from './support/viewers.ts';

/** Takes tokens, and some of them not for long: as where the client’s clock is behind. */
function identity(): Identity {
  const { headers, viewerOf } = bySecret();
  let untilMs = 0;
  return {
    headers,
    viewerOf: async (asking) => {
      const known = await viewerOf(asking);
      if (!known?.viewer.roles.includes('short')) return known;
      untilMs ||= Date.now() + 2_000;
      if (Date.now() >= untilMs) {
        const extensions = { code: 'UNAUTHENTICATED' };
        throw new GraphQLError('The token has expired.', { extensions });
      }
      return { ...known, untilMs };
    },
  };
}

/** A server that asks who one is. */
async function open(): Promise<{ store: Store; url: string }> {
  const store = await openTemporary();
  const { url } = await serve({ app: createApp(store, { identity: identity() }) });
  return { store, url };
}

const good = () => tokenOf('ada');
/** The server takes it for two seconds, though it says otherwise. */
const short = () => tokenOf('ada', ['short']);
/** Somebody else has signed it. */
const wrong = () =>
  signToken('another secret, of 32 bytes at least', { id: 'eve', roles: [] }, 3_600, {
    issuer: null,
    audience: null,
    rolesClaim: 'roles',
  });

/** Tokens of these kinds, one after the other; then the last kind again and again. */
function issuing(...kinds: (() => Promise<string>)[]) {
  const issued: string[] = [];
  const tokens = new Tokens(async () => {
    const kind = kinds.length > 1 ? kinds.shift() : kinds[0];
    const token = await (kind as () => Promise<string>)();
    issued.push(token);
    return token;
  });
  return { tokens, issued };
}

const bearer = async () => `Bearer ${await good()}`;

async function urql(url: string, tokens: Tokens, socket = false) {
  const transport = socket
    ? overWebSocket(url, socketsWith(url, tokens, { retryAttempts: 0 }))
    : undefined;
  const schema = await introspect(url, await bearer());
  return connectUrql(url, schema, transport, urqlWith(tokens)).current;
}

async function apollo(url: string, tokens: Tokens) {
  const possibleTypes = await possibleTypesOf(url, await bearer());
  const { current, past } = connectApollo(apolloWith(url, tokens), possibleTypes);
  onTestFinished(() => {
    current.stop();
    past.stop();
  });
  return current;
}

describe('tokens', () => {
  test('are renewed before they expire, once for all who ask', async () => {
    // Within three seconds it is as close to its end as the margin.
    const { tokens, issued } = issuing(() => tokenOf('ada', [], 63), good);
    const [one, other] = await Promise.all([tokens.authorization(), tokens.authorization()]);
    expect(one).toBe(other);
    expect(await tokens.authorization()).toBe(one);
    expect(issued).toHaveLength(1);
    await until(async () => (await tokens.authorization()) !== one);
    expect(issued).toHaveLength(2);
    expect(tokens.isCurrent(one)).toBe(false);
  });

  test('are renewed when one is refused, but not by whoever has an older one', async () => {
    const { tokens, issued } = issuing(() => tokenOf('ada', [], 3_600 + issued.length));
    const first = await tokens.authorization();
    tokens.refuse(first);
    const second = await tokens.authorization();
    tokens.refuse(first);
    expect(await tokens.authorization()).toBe(second);
    expect(issued).toHaveLength(2);
  });

  test('that cannot be had are asked for again by whoever asks next', async () => {
    let fails = true;
    const tokens = new Tokens(() => (fails ? Promise.reject(new Error('Log in.')) : good()));
    await expect(tokens.authorization()).rejects.toThrow('Log in.');
    fails = false;
    expect(await tokens.authorization()).toMatch(/^Bearer /);
  });
});

const viewer = 'query { viewer { id } }';
const create = `mutation ($id: ID!) {
  createTodo(input: { id: $id }) {
    __typename
    ... on CreateTodoPayload { transaction { id actor } }
  }
}`;

describe.each([
  ['a good token', [good], 1],
  ['one that is refused first', [wrong, good], 2],
  ['one that has expired', [() => tokenOf('ada', [], -1), good], 2],
] as const)('with %s', (_name, kinds, count) => {
  test('urql reads and writes', async () => {
    const { url } = await open();
    const { tokens, issued } = issuing(...kinds);
    const client = await urql(url, tokens);
    const written = await client.mutation(gql(create), { id: 'a' }).toPromise();
    expect(written.error).toBeUndefined();
    expect(written.data.createTodo.transaction.actor).toBe('ada');
    expect((await client.query(gql(viewer), {})).data.viewer.id).toBe('ada');
    expect(issued).toHaveLength(count);
  });

  test('Apollo Client reads and writes', async () => {
    const { url } = await open();
    const { tokens, issued } = issuing(...kinds);
    const client = await apollo(url, tokens);
    const { data } = await client.mutate<{ createTodo: { transaction: { actor: string } } }>({
      mutation: apolloGql(create),
      variables: { id: 'a' },
    });
    expect(data?.createTodo.transaction.actor).toBe('ada');
    const read = await client.query<{ viewer: { id: string } }>({ query: apolloGql(viewer) });
    expect(read.data?.viewer.id).toBe('ada');
    expect(issued).toHaveLength(count);
  });
});

test('what no token helps against is said: urql and Apollo Client send it twice at most', async () => {
  const { url } = await open();
  const first = issuing(wrong);
  const answer = await (await urql(url, first.tokens)).query(gql(viewer), {});
  expect(answer.error?.graphQLErrors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  expect(first.issued).toHaveLength(2);
  const second = issuing(wrong);
  const client = await apollo(url, second.tokens);
  await expect(client.query({ query: apolloGql(viewer) })).rejects.toMatchObject({
    statusCode: 401,
  });
  expect(second.issued).toHaveLength(2);
});

interface Feed {
  readonly ids: (string | null)[];
  readonly refusals: unknown[];
}

type Follow = (url: string, tokens: Tokens, feed: Feed) => Promise<void>;

function followByUrql(isSocket: boolean): Follow {
  return async (url, tokens, { ids, refusals }) => {
    const client = await urql(url, tokens, isSocket);
    const stop = followWithUrql(
      client,
      '0',
      ({ id }) => id && ids.push(id),
      (error) => refusals.push(String(error)),
    );
    onTestFinished(stop);
  };
}

const feeds: Record<string, Follow> = {
  'urql over server-sent events': followByUrql(false),
  'urql over WebSocket': followByUrql(true),
  'Apollo Client': async (url, tokens, { ids, refusals }) => {
    const client = await apollo(url, tokens);
    const following = followWithApollo(client, '0').subscribe({
      next: ({ id }) => id && ids.push(id),
      error: (error) => refusals.push(String(error)),
    });
    onTestFinished(() => following.unsubscribe());
  },
  'graphql-ws': async (url, tokens, { ids, refusals }) => {
    const client = socketsWith(url, tokens);
    const told = ({ id }: { id: string }) => id && ids.push(id);
    onTestFinished(followTodos(client, '0', told, (error) => refusals.push(String(error))));
    onTestFinished(() => void client.dispose());
  },
  'graphql-sse': async (url, tokens, { ids, refusals }) => {
    const client = streamsWith(url, tokens);
    const told = ({ id }: { id: string }) => id && ids.push(id);
    onTestFinished(followTodos(client, '0', told, (error) => refusals.push(String(error))));
    onTestFinished(() => client.dispose());
  },
};

describe.each(Object.entries(feeds))('a feed by %s', (_name, follow) => {
  test('goes on after the last event when its token has expired', async () => {
    const { store, url } = await open();
    const { tokens, issued } = issuing(short, good);
    const feed: Feed = { ids: [], refusals: [] };
    await store.append(Todo, { id: 'before', userId: 'ada' });
    await follow(url, tokens, feed);
    await until(() => feed.ids.length === 1);
    await until(() => store.waitingFollowers === 1);
    await store.append(Todo, { id: 'followed', userId: 'ada' });
    await until(() => feed.ids.length === 2);
    // The server ends it.
    await until(() => store.waitingFollowers === 0);
    await store.append(Todo, { id: 'meanwhile', userId: 'ada' });
    await until(() => feed.ids.length >= 3 || feed.refusals.length > 0);
    await store.append(Todo, { id: 'after', userId: 'ada' });
    await until(() => feed.ids.length >= 4 || feed.refusals.length > 0);
    expect(feed.refusals).toEqual([]);
    expect(feed.ids).toEqual(['before', 'followed', 'meanwhile', 'after']);
    expect(issued).toHaveLength(2);
  });

  test('begins with another token when the first is refused', async () => {
    const { store, url } = await open();
    const { tokens, issued } = issuing(wrong, good);
    const feed: Feed = { ids: [], refusals: [] };
    await store.append(Todo, { id: 'a', userId: 'ada' });
    await follow(url, tokens, feed);
    await until(() => feed.ids.length > 0 || feed.refusals.length > 0);
    expect(feed).toEqual({ ids: ['a'], refusals: [] });
    expect(issued).toHaveLength(2);
  });
});

test('graphql-ws takes 4401 for final, whatever shouldRetry says; a feed says so at the second', async () => {
  const { url } = await open();
  const { tokens, issued } = issuing(wrong);
  const asked: unknown[] = [];
  const client = socketsWith(url, tokens, {
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (error) => asked.push(error) > 0,
  });
  onTestFinished(() => void client.dispose());
  const refusal = await new Promise((refused) => {
    followTodos(client, '0', () => {}, refused);
  });
  expect(refusal).toMatchObject({ code: 4401, reason: expect.stringContaining('not valid') });
  expect(asked).toEqual([]);
  expect(issued).toHaveLength(2);
});

test('a server without identity takes the same clients', async () => {
  const store = await openTemporary();
  const { url } = await serve({ app: createApp(store) });
  const client = await urql(url, issuing(good).tokens);
  expect((await client.query(gql(viewer), {})).data).toEqual({ viewer: null });
});
