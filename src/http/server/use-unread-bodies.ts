/**
 * The rest of a body whose request is answered before all of it has come, such as one that is too large.
 * Most clients send all of it before they read: a connection that is closed meanwhile is reset, and they
 * never learn why (RFC 9112, section 9.6). So the rest is received, and thrown away.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';

/** Node's part of a request; nothing where it came by `fetch`. */
interface Exchange {
  readonly req?: IncomingMessage;
  readonly res?: ServerResponse;
}

/** How long the rest may take, `watchBodies` bounds. */
export function useUnreadBodies(): Plugin {
  return {
    onResponse({ serverContext }) {
      const { req, res } = serverContext as Exchange;
      if (!req || !res || req.complete) return;
      res.once('finish', () => discard(req));
    },
  };
}

/** Node does so by itself with a body that nobody began to read. */
function discard(request: IncomingMessage): void {
  for (const event of ['data', 'readable']) request.removeAllListeners(event);
  request.resume();
}
