/**
 * What Node's server asks of a connection before there is a request to look at. A client that sends
 * slowly, or nothing, would otherwise hold a connection for as long as it likes.
 */
import type { ServerOptions } from 'node:http';
import { requestLimits } from './request-limits.ts';

type ServerLimit = 'headBytesMax' | 'headTimeMaxMs' | 'slowLookMs' | 'idleTimeMaxMs';

/**
 * The options of a server that bounds its clients so: a head that arrives too slowly is answered 408,
 * one that is too large 431, and the connection closed. `watchBodies` looks after bodies.
 * @param limits by requestLimits where they say nothing; times in milliseconds.
 */
export function serverBounds(limits: Partial<Record<ServerLimit, number>> = {}): ServerOptions {
  const { headBytesMax, headTimeMaxMs, slowLookMs, idleTimeMaxMs } = {
    ...requestLimits,
    ...limits,
  };
  return {
    maxHeaderSize: headBytesMax,
    headersTimeout: headTimeMaxMs,
    requestTimeout: 0,
    connectionsCheckingInterval: slowLookMs,
    keepAliveTimeout: idleTimeMaxMs,
  };
}
