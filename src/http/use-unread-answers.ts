/**
 * Answers and events over HTTP that their client does not read. Each is whole in memory until it
 * has left: so large ones are counted with what waits on other connections, and an answer does not
 * wait for ever. (A subscription’s end is in use-streams.ts.)
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import { type Answer, dataJson } from './answers.ts';
import type { Backlog } from './backlog.ts';

/** Node's own request and response, where a request came over Node's server. */
interface ServerContext {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
}

/** Smaller answers leave at once: the operating system takes as much for each connection. */
const largeBytes = 64 * 1024;

/** @param stalledTimeMaxMs how long a client may read nothing of what was sent. */
export function useUnreadAnswers(backlog: Backlog, stalledTimeMaxMs: number): Plugin {
  return {
    onSubscribe({ args }) {
      const { req, res } = args.contextValue as ServerContext;
      if (!req || !res) return;
      const connection = { drop: () => req.socket.destroy() };
      res.once('close', () => backlog.forget(connection));
      const onNext = ({ result }: { readonly result: object }) => {
        const bytes = (result as Answer)[dataJson]?.bytes ?? 0;
        if (bytes < largeBytes) return;
        // By then it has been written; what the connection took at once does not wait.
        setImmediate(() => {
          if (!res.writableNeedDrain) return;
          backlog.add(connection, bytes);
          res.once('drain', () => backlog.remove(connection, bytes));
        });
      };
      return { onSubscribeResult: () => ({ onNext }) };
    },
    onResponse({ response, serverContext }) {
      const { req, res } = serverContext as ServerContext;
      const bytes = Number(response.headers.get('content-length') ?? 0);
      // A file is read piece by piece while it leaves, and is never whole in memory.
      const isJson = response.headers.get('content-type')?.includes('json');
      if (!req || !res || bytes < largeBytes || !isJson) return;
      const connection = { drop: () => req.socket.destroy() };
      backlog.add(connection, bytes);
      res.once('close', () => backlog.forget(connection));
      // Node closes a connection on which nothing has moved, and ends the wait with the answer.
      req.socket.setTimeout(stalledTimeMaxMs);
    },
  };
}
