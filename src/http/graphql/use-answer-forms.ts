/** In which form an answer goes out: JSON, or a stream of events, as the request accepts. */
import { Readable } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { type FetchAPI, isAsyncIterable, type Plugin, processRegularResult } from 'graphql-yoga';
import { turns } from '../../db/index.ts';
import { type Preference, preferred } from '../server/media-types.ts';
import { type Answer, answerBytes, answerPieces, dataJson } from './answers.ts';
import { refusal, statusOf } from './errors.ts';
import { eventStream, eventStreamType } from './event-stream.ts';

/** What one answer may be sent as; the first to whoever takes anything. */
export const jsonTypes = ['application/json', 'application/graphql-response+json'];

const pageType = 'text/html';

/** What is gathered of a large answer before it is written. */
const writeCharacters = 64 * 1024;

/** @param keepAliveMs how often a stream says that it is still there, in milliseconds. */
export function useAnswerForms(keepAliveMs: number): Plugin {
  return {
    // Asked before anything is done: a mutation is not executed for an answer that nobody takes.
    onExecute: ({ args }) => refuseUnacceptable(args, answerType),
    onSubscribe: ({ args }) => refuseUnacceptable(args, streamType),
    onResultProcess({ request, result, setResultProcessor }) {
      const accept = request.headers.get('accept');
      const type = isAsyncIterable(result) ? eventStreamType : answerType(accept)?.type;
      if (type === eventStreamType) {
        setResultProcessor((each, fetchAPI) => eventStream(each, keepAliveMs, fetchAPI), type);
      } else {
        // Whoever takes neither is told so as JSON.
        const process = dataJson in result ? preparedAnswer : processRegularResult;
        setResultProcessor(process, type ?? 'application/json');
      }
    },
  };
}

/** Whether a browser asks for a page to look at, rather than a client for an answer. */
export function wantsPage({ headers }: Request): boolean {
  return preferred(headers.get('accept'), [...jsonTypes, pageType])?.type === pageType;
}

/** The JSON is there already. Of a large answer it leaves in pieces, as fast as it is taken. */
function preparedAnswer(result: unknown, fetchAPI: FetchAPI, type: string): Response {
  const answer = result as Answer;
  const bytes = answerBytes(answer);
  const pieces = answerPieces(answer);
  const body =
    bytes <= writeCharacters
      ? [...pieces].join('')
      : Readable.from(gathered(pieces), { objectMode: false });
  return new fetchAPI.Response(body as unknown as BodyInit, {
    status: statusOf(answer),
    headers: { 'content-type': `${type}; charset=utf-8`, 'content-length': String(bytes) },
  });
}

/** Pieces as bytes, some of them at a time. */
async function* gathered(pieces: Iterable<string>): AsyncGenerator<Buffer, void> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < writeCharacters) continue;
    yield Buffer.from(text);
    text = '';
    await turns.yield();
  }
  yield Buffer.from(text);
}

/** JSON, unless events are wanted more. */
export function answerType(accept: string | null): Preference | null {
  const json = preferred(accept, jsonTypes);
  const events = streamType(accept);
  return events && (!json || events.quality > json.quality) ? events : json;
}

function streamType(accept: string | null): Preference | null {
  return preferred(accept, [eventStreamType]);
}

/** Operations over WebSocket have no request of their own, and accept what the protocol says. */
function refuseUnacceptable(
  { contextValue }: ExecutionArgs,
  typeOf: (accept: string | null) => Preference | null,
): void {
  const { request } = contextValue as { readonly request?: Request };
  if (!request || typeOf(request.headers.get('accept'))) return;
  const forms = typeOf === streamType ? [eventStreamType] : [...jsonTypes, eventStreamType];
  const message = `The answer can be ${forms.join(' or ')}. Accept one of them.`;
  throw refusal('NOT_ACCEPTABLE', 406, message);
}
