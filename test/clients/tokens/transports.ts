import { createClient as createStreams } from 'graphql-sse';
import { type ClientOptions, CloseCode, createClient as createSockets } from 'graphql-ws';
import { wait } from '../transports/follow.ts';
import type { Tokens } from './tokens.ts';

const retrying: Partial<ClientOptions> = {
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: wait,
  shouldRetry: () => true,
};

/** One WebSocket that says who asks when it is opened, and whenever it is opened anew. */
export function socketsWith(url: string, tokens: Tokens, options = retrying) {
  let authorization = '';
  return createSockets({
    url: url.replace('http', 'ws'),
    connectionParams: async () => {
      authorization = await tokens.authorization();
      return { authorization };
    },
    on: {
      closed(event) {
        const { code } = event as CloseEvent;
        if (code === CloseCode.Unauthorized) tokens.refuse(authorization);
      },
    },
    ...options,
  });
}

/** Server-sent events; each request says who asks, and one that is refused is sent again. */
export function streamsWith(url: string, tokens: Tokens) {
  return createStreams({
    url,
    headers: async () => ({ authorization: await tokens.authorization() }),
    fetchFn: async (input: string, init: RequestInit) => {
      const response = await fetch(input, init);
      const { authorization = '' } = init.headers as Record<string, string>;
      if (response.status === 401) tokens.refuse(authorization);
      return response;
    },
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: wait,
  });
}
