/**
 * Bodies that come slowly. Node knows one time for whole requests, whatever they are: here a body has that
 * time, one of an upload as long as it takes, while its bytes keep coming, and the rest of one whose request
 * is answered a time of its own.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { clearInterval, setInterval } from 'node:timers';
import { requestLimits } from './request-limits.ts';

export type SlowBodyLimit =
  | 'requestTimeMaxMs'
  | 'uploadPaceMs'
  | 'uploadPaceBytesMin'
  | 'restTimeMaxMs'
  | 'slowLookMs';

/** What a body may take. */
interface Bound {
  readonly timeMs: number;
  /** It may take that time again and again while so many bytes come within it; null where it may not. */
  readonly bytesMin: number | null;
}

interface Awaited {
  readonly response: ServerResponse;
  bound: Bound;
  /** Since when, in milliseconds, and from which byte of its connection its pace is measured. */
  sinceMs: number;
  sinceBytes: number;
}

/** Bytes for a file, of which there may be many. */
export type IsUpload = (request: IncomingMessage) => boolean;

/**
 * Closes connections whose bodies take too long, with 408 where nothing was answered yet.
 * @param server must not have a connection yet; its `requestTimeout` is 0.
 * @param limits by requestLimits where they say nothing; times in milliseconds.
 */
export function watchBodies(
  server: Server,
  isUpload: IsUpload,
  limits: Partial<Record<SlowBodyLimit, number>> = {},
): void {
  const { requestTimeMaxMs, uploadPaceMs, uploadPaceBytesMin, restTimeMaxMs, slowLookMs } = {
    ...requestLimits,
    ...limits,
  };
  const whole: Bound = { timeMs: requestTimeMaxMs, bytesMin: null };
  const upload: Bound = { timeMs: uploadPaceMs, bytesMin: uploadPaceBytesMin };
  const rest: Bound = { timeMs: restTimeMaxMs, bytesMin: null };
  const awaited = new Map<IncomingMessage, Awaited>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!hasBody(request)) return;
    awaited.set(request, {
      response,
      bound: isUpload(request) ? upload : whole,
      sinceMs: performance.now(),
      sinceBytes: request.socket.bytesRead,
    });
    request.once('close', () => awaited.delete(request));
  });
  const look = setInterval(() => {
    const nowMs = performance.now();
    for (const [request, body] of awaited) {
      if (body.response.writableFinished && body.bound !== rest) {
        Object.assign(body, { bound: rest, sinceMs: nowMs });
      }
      if (request.complete) awaited.delete(request);
      else if (nowMs - body.sinceMs < body.bound.timeMs) continue;
      else if (isTooSlow(request, body)) end(request, body);
      else Object.assign(body, { sinceMs: nowMs, sinceBytes: request.socket.bytesRead });
    }
  }, slowLookMs);
  look.unref();
  server.once('close', () => clearInterval(look));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

/** What was sent and waits to be read is no fault of who sent it. */
function isTooSlow(
  request: IncomingMessage,
  { bound: { bytesMin }, sinceBytes }: Awaited,
): boolean {
  if (bytesMin === null) return true;
  return request.readableLength === 0 && request.socket.bytesRead - sinceBytes < bytesMin;
}

function end({ socket }: IncomingMessage, { response }: Awaited): void {
  if (!response.headersSent && socket.writable) {
    socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  }
  socket.destroySoon();
}
