/**
 * What a request is called wherever something is said of it: in its answer, in the log, in errors
 * that the log has more of. A client, or a proxy in front, may have named it already.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ExecutionArgs } from 'graphql';

/** What is known of a request: Node's, where it came over Node's server, else that of the Fetch API. */
export interface Marked {
  readonly req?: IncomingMessage | undefined;
  readonly request?: Request | undefined;
}

export interface RequestMark {
  readonly id: string;
  /** When it was first seen here, as performance.now() has it. */
  readonly startedAt: number;
  /** What was executed last of it; null until something is. */
  executed: ExecutionArgs | null;
}

/** What a client may see of an error, which the log has under the request's id. */
export type MaskError = (error: unknown, asked?: Marked) => Error;

/** The header of requests and of answers. */
export const requestIdHeader = 'x-request-id';

/** No spaces, quotes or ends of lines: it stands in headers and logs. At most 128 characters. */
const sane = /^[A-Za-z0-9._~:+/=@-]{1,128}$/;

/** Where a request has its mark: a WeakMap of all requests costs each of them more than all else here. */
const markKey = Symbol('mark');

interface Carrier {
  [markKey]?: RequestMark;
}

/** The mark of a request, made when it is first asked for. Of a WebSocket it is that of its opening. */
export function markOf(asked: Marked): RequestMark {
  const carrier = (asked.req ?? asked.request ?? asked) as Carrier;
  carrier[markKey] ??= {
    id: givenId(asked) ?? randomUUID(),
    startedAt: performance.now(),
    executed: null,
  };
  return carrier[markKey];
}

/** What whoever sent the request calls it; null where that is nothing to be repeated. */
function givenId({ req, request }: Marked): string | null {
  const given = req ? req.headers[requestIdHeader] : request?.headers.get(requestIdHeader);
  return typeof given === 'string' && sane.test(given) ? given : null;
}
