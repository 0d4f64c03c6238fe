/** Refuses bodies over the limit: at once where the length is told, else while they arrive. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/**
 * Yoga’s own limit reads every body through a counting stream, which halves its throughput.
 * @param bytesMax how many bytes a body may have.
 * @param isBoundedElsewhere of requests with files, which have limits of their own.
 */
export function useBodyLimit(
  bytesMax: number,
  isBoundedElsewhere: (request: Request) => boolean,
): Plugin {
  const message = `The request body may be at most ${bytesMax} bytes (bodyBytesMax). Send less at a time.`;
  return {
    onRequest({ request, setRequest, endResponse, fetchAPI }) {
      if (request.method === 'GET' || request.method === 'HEAD' || isBoundedElsewhere(request))
        return;
      const length = request.headers.get('content-length');
      if (length !== null) {
        if (Number(length) > bytesMax) endResponse(refusal(message, fetchAPI.Response));
        return;
      }
      if (!request.body) return;
      const { url, method, headers, signal } = request;
      const body = limited(request.body, bytesMax, message);
      const init = { method, headers, signal, body, duplex: 'half' };
      setRequest(new fetchAPI.Request(url, init as unknown as RequestInit));
    },
  };
}

function refusal(message: string, ResponseClass: typeof Response): Response {
  const errors = [{ message, extensions: { code: 'BODY_TOO_LARGE' } }];
  return new ResponseClass(JSON.stringify({ errors }), {
    status: 413,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
}

/**
 * The same body; it fails once more has arrived than may. The rest is left unread rather than
 * cancelled: that would close the connection before it is answered.
 */
async function* limited(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  message: string,
): AsyncGenerator<Buffer, void> {
  const reader = body.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes += value.length;
    if (bytes > bytesMax) throw tooLarge(message);
    // Yoga reads a lone chunk as the Buffer that a Node stream would have given it.
    yield Buffer.from(value.buffer, value.byteOffset, value.length);
  }
}

function tooLarge(message: string): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'BODY_TOO_LARGE', http: { status: 413 } },
  });
}
