/**
 * Answers and events over HTTP that their client does not read. Each is whole in memory until it
 * has left: so large ones are counted with what waits on other connections, and an answer does not
 * wait for ever. (A subscription’s end is in use-streams.ts.)
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { type Answer, dataJson } from './answers.ts';
import type { Backlog, Connection } from './backlog.ts';

/** Node's own request and response, where a request came over Node's server. */
interface ServerContext {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
}

/** Smaller answers leave at once: the operating system takes as much for each connection. */
export const largeAnswerBytes = 64 * 1024;

/** @param stalledTimeMaxMs how long a client may read nothing of what was sent. */
export function useUnreadAnswers(backlog: Backlog, stalledTimeMaxMs: number): Plugin {
  return {
    onSubscribe({ args }) {
      const { req, res } = args.contextValue as ServerContext;
      if (!req || !res) return;
      const connection = { drop: () => req.socket.destroy() };
      res.once('close', () => backlog.forget(connection));
      return {
        onSubscribeResult: ({ result, setResult }) => {
          if (isAsyncIterable(result)) setResult(counted(result, backlog, connection, req.socket));
        },
      };
    },
    onResponse({ response, serverContext }) {
      const { req, res } = serverContext as ServerContext;
      const bytes = Number(response.headers.get('content-length') ?? 0);
      // A file is read piece by piece while it leaves, and is never whole in memory: it may be JSON as
      // well, but has a name to be saved by.
      const { headers } = response;
      const isJson =
        headers.get('content-type')?.includes('json') && !headers.has('content-disposition');
      // Whoever has left already takes nothing, and will not leave again.
      if (!req || !res || req.socket.destroyed || bytes < largeAnswerBytes || !isJson) return;
      const connection = { drop: () => req.socket.destroy() };
      backlog.add(connection, bytes);
      res.once('close', () => backlog.forget(connection));
      // Node closes a connection on which nothing has moved, and ends the wait with the answer. Once
      // the answer has begun: whoever sends it takes the limit away from what is a stream.
      setImmediate(() => req.socket.setTimeout(stalledTimeMaxMs));
    },
  };
}

/** The same events; each counts until the next one is asked for, which means that it has left. */
function counted<T>(
  events: AsyncIterable<T>,
  backlog: Backlog,
  connection: Connection,
  socket: Socket,
): AsyncIterableIterator<T> {
  const source = events[Symbol.asyncIterator]();
  let waiting = 0;
  const count = (answer: Answer | undefined) => {
    backlog.remove(connection, waiting);
    const bytes = answer?.[dataJson]?.bytes ?? 0;
    // An event may be made still when its client has left.
    waiting = bytes < largeAnswerBytes || socket.destroyed ? 0 : bytes;
    if (waiting > 0) backlog.add(connection, waiting);
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      count(undefined);
      const event = await source.next();
      if (!event.done) count(event.value as Answer);
      return event;
    },
    return: async () => {
      backlog.forget(connection);
      return (await source.return?.()) ?? { done: true, value: undefined };
    },
  };
}
