/** The messages of one WebSocket, between its client and graphql-ws: their sizes, ids and turns. */
import { setTimeout } from 'node:timers';
import type { GraphQLError } from 'graphql';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { requestLimits } from '../server/request-limits.ts';
import { AnswerRoom } from './answer-room.ts';
import type { DataJson } from './answers.ts';
import type { Backlog } from './backlog.ts';
import { jsonRefusal } from './json-size.ts';
import { OperationIds } from './operation-ids.ts';
import { Outbox } from './outbox.ts';

/** What graphql-ws does with a message; settles when all that comes of it has been sent. */
type Take = (message: string) => Promise<void>;

/** Close codes of RFC 6455 and its registry. */
export const closeCodes = { messageTooBig: 1009, tryAgainLater: 1013 } as const;
/** How graphql-ws begins an answer, or an event. */
const answerOf = /^\{"id":"(\d+)","type":"next"/;
/** Messages that a server alone sends: graphql-ws takes one from a client for a failure of its own. */
const serverTypes: ReadonlySet<unknown> = new Set(['connection_ack', 'next', 'error']);
/** Longest reason of a close that the protocol of WebSockets can carry. */
const reasonBytesMax = 123;

export class SocketMessages {
  /** Room for the answers. */
  readonly room = new AnswerRoom(requestLimits.connectionRoomBytes);
  readonly #socket: WebSocket;
  readonly #backlog: Backlog;
  readonly #ids = new OperationIds();
  readonly #outbox: Outbox;
  readonly #data = new Map<string, DataJson>();
  /** Why an operation is refused before it is looked at, by its own id. */
  readonly #refusals = new Map<string, GraphQLError>();

  constructor(socket: WebSocket, backlog: Backlog) {
    this.#socket = socket;
    this.#backlog = backlog;
    this.#outbox = new Outbox(socket);
    socket.once('close', () => {
      this.room.close();
      backlog.forget(this);
    });
  }

  /** How many operations the client has under way. */
  get operations(): number {
    return this.#ids.size;
  }

  /** Why an operation is refused, whatever it asks; null when it is not. */
  refusalOf(id: string): GraphQLError | null {
    return this.#refusals.get(id) ?? null;
  }

  /** A message of the client. */
  async receive(text: string, take: Take): Promise<void> {
    const refusal = jsonRefusal(text);
    if (refusal?.extensions.limit === 'jsonValuesMax') {
      return this.#socket.close(
        closeCodes.messageTooBig,
        `More values than ${refusal.extensions.max}`,
      );
    }
    const { type, id } = headOf(text);
    if (serverTypes.has(type)) {
      return this.#socket.close(CloseCode.BadRequest, 'Invalid message received');
    }
    if (refusal && type !== 'subscribe') {
      return this.#socket.close(CloseCode.BadRequest, 'Nested too deeply');
    }
    if (typeof id !== 'string' || id === '') return await take(text);
    if (type === 'subscribe') return await this.#begin(id, text, refusal, take);
    if (type !== 'complete') return await take(text);
    const own = this.#ids.complete(id);
    if (own === null) return;
    await take(withId(text, own));
  }

  async #begin(id: string, text: string, refusal: GraphQLError | null, take: Take): Promise<void> {
    const own = this.#ids.begin(id);
    if (own === null) {
      const reason = `Subscriber for ${id} already exists`;
      const fits = Buffer.byteLength(reason) <= reasonBytesMax;
      const shown = fits ? reason : 'Subscriber already exists';
      return this.#socket.close(CloseCode.SubscriberAlreadyExists, shown);
    }
    if (refusal) this.#refusals.set(own, refusal);
    this.#wait(text.length);
    try {
      await take(withId(text, own));
    } finally {
      this.room.leave(own);
      this.#data.delete(own);
      this.#backlog.remove(this, text.length);
      this.#refusals.delete(own);
    }
  }

  /** Sends a message of graphql-ws; settles when it has left, so that events are made no faster. */
  async send(message: string): Promise<void> {
    const text = this.#ids.forClient(message);
    if (text === null) return;
    const id = answerOf.exec(message)?.[1];
    const data = id === undefined ? undefined : this.#data.get(id);
    const bytes = Buffer.byteLength(text) + (data?.bytes ?? 0);
    if (id !== undefined) {
      this.room.learn(bytes);
      this.#data.delete(id);
    }
    this.#wait(bytes);
    await this.#outbox.send(text, data);
    this.#backlog.remove(this, bytes);
  }

  /** The data of an operation's next answer, whose JSON was made already: graphql-ws writes none. */
  keepData(id: string, data: DataJson): void {
    this.#data.set(id, data);
  }

  /** One message may be of any size that its own limit allows; it is what piles up that may not. */
  #wait(bytes: number): void {
    const waiting = this.#backlog.add(this, bytes);
    if (waiting > Math.max(bytes, requestLimits.connectionBacklogBytesMax)) this.drop();
  }

  /** A client that does not read is not told why: what waits would have to be read first. */
  drop(): void {
    this.room.close();
    this.end(closeCodes.tryAgainLater, 'More waits to be sent than may');
  }

  /** Closes the socket, whether or not its client does. @param reason cut where it is too long. */
  end(code: number, reason: string): void {
    this.#socket.close(code, shortened(reason));
    setTimeout(() => this.#socket.terminate(), requestLimits.closeTimeMaxMs).unref();
  }
}

function shortened(reason: string): string {
  return Buffer.from(reason)
    .subarray(0, reasonBytesMax)
    .toString()
    .replace(/\ufffd$/, '');
}

/** What a message is about; nothing where it is none, which graphql-ws then says. */
function headOf(text: string): { readonly type?: unknown; readonly id?: unknown } {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : {};
  } catch {
    return {};
  }
}

/** The same message with another id: of two members of one name, JSON.parse takes the last. */
function withId(text: string, id: string): string {
  return `${text.slice(0, text.lastIndexOf('}'))},"id":"${id}"}`;
}
