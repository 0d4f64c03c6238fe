/**
 * Answers as server-sent events, in the form of GraphQL over SSE: `next` for each, then `complete`.
 * Each event of a feed has its position as its id, so that an EventSource whose connection broke
 * asks for what follows it.
 */
import { Readable } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import { type FetchAPI, isAsyncIterable } from 'graphql-yoga';
import { turns } from '../../db/index.ts';
import { type Answer, answerPieces } from './answers.ts';
import { statusOf } from './errors.ts';

export const eventStreamType = 'text/event-stream';

type IdOf = (answer: Answer) => string | null;

/** A comment: no event, but a sign of life. */
const signOfLife = ':\n\n';
/** What is gathered of a large event before it is pushed. */
const pushCharacters = 64 * 1024;
const complete = 'event: complete\ndata:\n\n';

const headers = Object.freeze({
  'content-type': eventStreamType,
  // nginx, and proxies that do as it does, would keep events until there is a pageful of them.
  'x-accel-buffering': 'no',
});

/**
 * Sends one answer, or those of a feed.
 * @param keepAliveMs how often a comment is sent while there is nothing else, in milliseconds:
 *   proxies close connections on which nothing moves.
 */
export function eventStream(result: unknown, keepAliveMs: number, fetchAPI: FetchAPI): Response {
  const respond = (answers: AsyncIterable<Answer>, idOf: IdOf, init: ResponseInit) => {
    const body = new EventStream(answers[Symbol.asyncIterator](), idOf, keepAliveMs);
    return new fetchAPI.Response(body as unknown as BodyInit, init);
  };
  if (isAsyncIterable(result)) {
    const varied = { ...headers, vary: 'last-event-id' };
    return respond(result as AsyncIterable<Answer>, positionOf, { headers: varied });
  }
  const answer = result as Answer;
  return respond(once(answer), () => null, { status: statusOf(answer), headers: { ...headers } });
}

async function* once(answer: Answer): AsyncGenerator<Answer, void> {
  yield answer;
}

function positionOf({ extensions }: Answer): string | null {
  return (extensions?.position as string | undefined) ?? null;
}

/** The text; the next answer is made once the one before has left. Ends its source with itself. */
class EventStream extends Readable {
  readonly #answers: AsyncIterator<Answer>;
  readonly #idOf: IdOf;
  readonly #keepAliveMs: number;
  #timer: NodeJS.Timeout | null = null;
  /** Goes on with an event of which a part was taken. */
  #goOn: (() => void) | null = null;
  #isMaking = false;
  /** Whether a part of an event has been pushed: a comment would break it in two. */
  #isWithinEvent = false;

  constructor(answers: AsyncIterator<Answer>, idOf: IdOf, keepAliveMs: number) {
    super({ highWaterMark: 1 });
    this.#answers = answers;
    this.#idOf = idOf;
    this.#keepAliveMs = keepAliveMs;
  }

  override _read(): void {
    this.#goOn?.();
    if (this.#isMaking) return;
    this.#isMaking = true;
    if (!this.#timer) this.#begin();
    this.#makeNext().catch(() => {
      // What fails arrives as an answer, unless the request was broken off. Whoever reads still is
      // told no `complete`, and comes back.
      this.#end();
    });
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#goOn?.();
    const returned = Promise.resolve(this.#answers.return?.());
    returned.then(() => destroyed(error), destroyed);
  }

  #begin(): void {
    this.#timer = setInterval(() => {
      if (this.readableLength === 0 && !this.#isWithinEvent) this.push(signOfLife);
    }, this.#keepAliveMs).unref();
    // At once, since some browsers take a response for begun only when something has come.
    this.push(signOfLife);
  }

  async #makeNext(): Promise<void> {
    const { done, value } = await this.#answers.next();
    const last = done ? complete : await this.#pushEvent(value);
    // Before the push: it may be what asks for more.
    this.#isMaking = false;
    this.#isWithinEvent = false;
    if (this.destroyed) return;
    this.push(last);
    if (done) this.#end();
  }

  /** Nothing may be pushed after the end, signs of life included. */
  #end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.push(null);
  }

  /** Pushes what is long of an event, as fast as it is taken. @returns what is left to be pushed. */
  async #pushEvent(answer: Answer): Promise<string> {
    const id = this.#idOf(answer);
    let text = `event: next\n${id === null ? '' : `id: ${id}\n`}data: `;
    for (const piece of answerPieces(answer)) {
      text += piece;
      if (text.length < pushCharacters || this.destroyed) continue;
      this.#isWithinEvent = true;
      await this.#pushPart(text);
      text = '';
      await turns.yield();
    }
    return `${text}\n\n`;
  }

  #pushPart(text: string): Promise<void> {
    return new Promise((taken) => {
      this.#goOn = () => {
        this.#goOn = null;
        taken();
      };
      this.push(text);
    });
  }
}
