/** How the board talks to the server that it came from: one client for now, one for the past. */
import { CloseCode, createClient, type Sink } from 'graphql-ws';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { presentCache } from './cache.ts';
import { fetchAsViewer, signIn } from './identity/sign-in.ts';

const shared = {
  url: '/graphql',
  // Queries are small, and their answers are not for the browser's cache.
  preferGetMethod: false,
  fetch: fetchAsViewer,
} as const;

/** The token that the WebSocket was begun with. */
let socketToken: string | null = null;

/**
 * One WebSocket for all subscriptions. It is not opened again by itself: live.ts does that, and
 * goes on where it stopped.
 */
export const socket = createClient({
  url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
  retryAttempts: 0,
  connectionParams: () => {
    socketToken = signIn.token;
    return socketToken === null ? undefined : { authorization: `Bearer ${socketToken}` };
  },
  on: {
    closed: (event) => {
      const { code, reason } = event as CloseEvent;
      if (code === CloseCode.Unauthorized) signIn.refuse(socketToken, reason);
    },
  },
});

/** The present: what is known of a record is kept under its id, and the live feed keeps it true. */
export const present = new Client({
  ...shared,
  requestPolicy: 'cache-and-network',
  exchanges: [
    presentCache(),
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables = {} }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query, variables }, paced(sink) as Sink<never>),
        }),
      }),
    }),
    fetchExchange,
  ],
});

/** Events that arrive within this time are shown together: a burst of them is one picture. */
const pictureMs = 30;

interface Observer {
  next(value: never): void;
  error(error: unknown): void;
  complete(): void;
}

function paced(observer: Observer): Sink<unknown> {
  let waiting: unknown[] = [];
  const pass = () => {
    const passing = waiting;
    waiting = [];
    for (const value of passing) observer.next(value as never);
  };
  return {
    next: (value) => {
      if (waiting.push(value) === 1) setTimeout(pass, pictureMs);
    },
    error: (error) => {
      pass();
      observer.error(error);
    },
    complete: () => {
      pass();
      observer.complete();
    },
  };
}

let underWay = 0;

/**
 * The past: nothing is kept under an id here, where one record has as many states as moments are
 * looked at. Answers as of a position never change, so nothing needs to be told of changes either.
 */
export const past = new Client({
  ...shared,
  requestPolicy: 'network-only',
  exchanges: [fetchExchange],
  fetch: async (input, init) => {
    underWay += 1;
    return await fetchAsViewer(input, init).finally(() => {
      underWay -= 1;
    });
  },
});

/** Whether answers of the past are being waited for: a slider that is dragged asks no faster. */
export function isPastBusy(): boolean {
  return underWay > 0;
}
