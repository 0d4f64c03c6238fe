/** GraphQL over WebSocket with a bare client: nothing is between a test and the protocol. */
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';

export interface Message {
  readonly type: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
  readonly payload?: any;
}

/** A WebSocket that is spoken to message by message. */
export class Conversation {
  readonly socket: WebSocket;
  readonly #messages: Message[] = [];
  #arrived: () => void = () => {};

  constructor(
    url: string,
    protocols: string[] = ['graphql-transport-ws'],
    options?: ClientOptions,
  ) {
    this.socket = new WebSocket(url, protocols, options);
    this.socket.on('message', (text) => {
      this.#messages.push(JSON.parse(String(text)));
      this.#arrived();
    });
    onTestFinished(() => {
      // One that is not open yet complains of being closed.
      this.socket.on('error', () => {});
      this.socket.terminate();
    });
  }

  /** Opens the socket and says hello. */
  static async begin(url: string): Promise<Conversation> {
    const conversation = new Conversation(url);
    await once(conversation.socket, 'open');
    conversation.send({ type: 'connection_init' });
    expect(await conversation.next()).toEqual({ type: 'connection_ack' });
    return conversation;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string): void {
    this.send({ type: 'subscribe', id, payload: { query } });
  }

  async next(): Promise<Message> {
    while (this.#messages.length === 0) {
      await new Promise<void>((arrived) => {
        this.#arrived = arrived;
      });
    }
    return this.#messages.shift() as Message;
  }

  /** How the server closes the socket: code and reason. */
  async closed(): Promise<string> {
    const [code, reason] = await once(this.socket, 'close');
    return `${code} ${reason}`.trim();
  }
}
