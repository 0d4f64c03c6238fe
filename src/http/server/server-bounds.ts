/**
 * What Node's server asks of a connection before there is a request to look at. A client that sends
 * slowly, or nothing, would otherwise hold a connection for as long as it likes.
 */
import type { ServerOptions } from 'node:http';
import { requestLimits } from './request-limits.ts';

type ServerLimit =
  | 'headBytesMax'
  | 'headTimeMaxMs'
  | 'requestTimeMaxMs'
  | 'slowLookMs'
  | 'idleTimeMaxMs';

/**
 * The options of a server that bounds its clients so: what arrives too slowly is answered 408, a head
 * that is too large 431, and the connection closed.
 * @param limits by requestLimits where they say nothing; times in milliseconds.
 */
export function serverBounds(limits: Partial<Record<ServerLimit, number>> = {}): ServerOptions {
  const { headBytesMax, headTimeMaxMs, requestTimeMaxMs, slowLookMs, idleTimeMaxMs } = {
    ...requestLimits,
    ...limits,
  };
  return {
    maxHeaderSize: headBytesMax,
    headersTimeout: headTimeMaxMs,
    requestTimeout: requestTimeMaxMs,
    connectionsCheckingInterval: slowLookMs,
    keepAliveTimeout: idleTimeMaxMs,
  };
}
