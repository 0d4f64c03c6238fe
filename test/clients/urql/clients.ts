import {
  Client,
  type ClientOptions,
  cacheExchange,
  type Exchange,
  type ExecutionResult,
  fetchExchange,
  makeOperation,
  mapExchange,
  subscriptionExchange,
} from '@urql/core';
import type { IntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { asksForPast } from '../asks-for-past.ts';
import { currentCache } from './cache.ts';

/** Keeps the past out of the cache of what is now: a mistake fails, rather than shows later. */
const nothingPast = mapExchange({
  onOperation(operation) {
    if (!asksForPast(operation.query, operation.variables ?? {})) return undefined;
    const refuse = async () => {
      throw new Error('A query has asOf: ask the client `past`.');
    };
    return makeOperation(operation.kind, operation, { ...operation.context, fetch: refuse });
  },
});

/**
 * One client for what is now, and one for what was: that keeps whole answers, each under its
 * query and variables, and normalises nothing.
 */
export function connect(
  url: string,
  schema: IntrospectionQuery,
  socket?: Exchange,
  tokens?: Exchange,
) {
  // Subscriptions come as server-sent events, unless there is a socket for them.
  const transport = [socket, tokens, fetchExchange].filter((it) => it !== undefined);
  const options: Omit<ClientOptions, 'exchanges'> = {
    url,
    fetchSubscriptions: !socket,
  };
  return {
    current: new Client({
      ...options,
      exchanges: [nothingPast, currentCache(schema), ...transport],
    }),
    past: new Client({ ...options, exchanges: [cacheExchange, ...transport] }),
  };
}

/**
 * All subscriptions over one WebSocket.
 * @param sockets a retry of its own would begin where the first attempt did; followTodos knows better.
 */
export function overWebSocket(
  url: string,
  sockets = createClient({ url: url.replace('http', 'ws'), retryAttempts: 0 }),
): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({
        unsubscribe: sockets.subscribe(
          { query, variables },
          { ...sink, next: (result) => sink.next(result as ExecutionResult) },
        ),
      }),
    }),
  });
}
