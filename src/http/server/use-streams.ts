/**
 * Subscriptions over HTTP: how many one client may have, and an end to those that nobody reads.
 * A stalled one costs little, since events are made only as they are taken; its client can resume.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setInterval } from 'node:timers';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ClientAddresses } from './client-addresses.ts';
import type { Connections } from './connections.ts';

/** Node's own request and response, where a request came over Node's server. */
interface Context {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
}

/**
 * @param clients by which address a client’s connections are counted.
 * @param stalledTimeMaxMs how long a client may read nothing of what was sent.
 */
export function useStreams(
  connections: Connections,
  clients: ClientAddresses,
  stalledTimeMaxMs: number,
): Plugin<Context> {
  return {
    onSubscribe({ args }) {
      const { req, res } = args.contextValue as Context;
      if (!req || !res) return;
      const release = connections.open(clients.of(req));
      if (!release) {
        throw new GraphQLError(connections.refusal, {
          extensions: { code: 'TOO_MANY_CONNECTIONS', http: { status: 429 } },
        });
      }
      res.once('close', release);
      dropWhenStalled(res, stalledTimeMaxMs);
    },
  };
}

/** Closes the connection when what waits to be sent has not moved for a while. */
function dropWhenStalled(response: ServerResponse, stalledTimeMaxMs: number): void {
  let moved = true;
  const timer = setInterval(() => {
    if (response.writableNeedDrain && !moved) response.destroy();
    moved = false;
  }, stalledTimeMaxMs).unref();
  response.on('drain', () => {
    moved = true;
  });
  response.once('close', () => clearInterval(timer));
}
