/** The Host header: every request's address is made of it, so one that is none ends there. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Refuses a request whose Host header is no host, before an address is made of it.
 * @returns whether it was refused, and answered.
 */
export function refuseMalformedHost(
  { headers: { host } }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (host === undefined || host === '' || URL.canParse(`http://${host}`)) return false;
  const body = 'The Host header must name a host, such as 127.0.0.1:4000.\n';
  response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  return true;
}
