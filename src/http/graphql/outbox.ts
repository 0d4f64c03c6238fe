/**
 * What is sent on one WebSocket: message by message, a large one in parts (frames of RFC 6455,
 * section 5.4). Between two parts others have their turns, the client can take what came, and a
 * ping gets through.
 */
import { WebSocket } from 'ws';
import { turns } from '../../db/index.ts';
import type { DataJson } from './answers.ts';

/** A message of more is sent in parts of about this length, in UTF-16 code units. */
const partLength = 64 * 1024;
/** What graphql-ws writes where the data was made already. */
const emptyData = '"data":{}';

export class Outbox {
  readonly #socket: WebSocket;
  /** Settles when the large message that is under way has left; others wait until then. */
  #underWay: Promise<void> | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * Sends a message; settles when it has left. One that cannot leave is followed by the socket's
   * end, which is what counts.
   * @param data what belongs in the place of the message's own, empty data.
   */
  async send(message: string, data?: DataJson): Promise<void> {
    while (this.#underWay) await this.#underWay;
    if (!data || data.bytes < partLength) {
      const text = data
        ? message.replace(emptyData, () => `"data":${data.pieces.join('')}`)
        : message;
      return await this.#frame(text, true);
    }
    const [before, after] = message.split(emptyData) as [string, string];
    this.#underWay = this.#sendParts([`${before}"data":`, ...data.pieces, after]);
    await this.#underWay;
  }

  async #sendParts(pieces: readonly string[]): Promise<void> {
    let text = '';
    for (const piece of pieces) {
      text += piece;
      if (text.length < partLength) continue;
      await this.#frame(text, false);
      if (this.#socket.readyState !== WebSocket.OPEN) break;
      text = '';
      await turns.yield();
    }
    await this.#frame(text, true);
    this.#underWay = null;
  }

  #frame(text: string, fin: boolean): Promise<void> {
    return new Promise((left) => this.#socket.send(text, { fin, binary: false }, () => left()));
  }
}
