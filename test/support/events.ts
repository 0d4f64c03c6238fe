/** Subscriptions over server-sent events, read from the wire without any client library. */
import type { ApiAnswer } from './api.ts';

/** Opens a subscription; its events arrive until it completes or the signal aborts. */
export async function* events(
  url: string,
  query: string,
  signal: AbortSignal,
): AsyncGenerator<ApiAnswer, void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.includes('event: complete')) return;
      const [, data] = /^data: (.+)$/m.exec(block) ?? [];
      if (data) yield JSON.parse(data) as ApiAnswer;
    }
  }
}

/**
 * Takes events, then leaves as a client does whose network fails: by closing its socket.
 * @param enough how many, or whether those taken so far are enough.
 */
export async function takeEvents(
  url: string,
  query: string,
  enough: number | ((taken: readonly ApiAnswer[]) => boolean),
): Promise<ApiAnswer[]> {
  const leaving = new AbortController();
  const taken: ApiAnswer[] = [];
  const isEnough = typeof enough === 'number' ? () => taken.length >= enough : enough;
  try {
    for await (const event of events(url, query, leaving.signal)) {
      taken.push(event);
      if (isEnough(taken)) break;
    }
  } finally {
    leaving.abort();
  }
  return taken;
}
