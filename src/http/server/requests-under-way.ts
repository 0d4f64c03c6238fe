/** What a server that closes still waits for: requests that get on, and answers that are made. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { requestLimits } from './request-limits.ts';

/** How often a server that closes looks for connections that have nothing under way any more. */
const lookIntervalMs = 50;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class RequestsUnderWay {
  readonly #server: Server;
  readonly #exchanges = new Map<Socket, Set<Exchange>>();

  /** @param server must not have a connection yet. */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#exchanges.set(socket, new Set());
      socket.once('close', () => this.#exchanges.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const exchange = { request, response };
      const exchanges = this.#exchanges.get(request.socket);
      exchanges?.add(exchange);
      const forget = () => exchanges?.delete(exchange);
      response.once('close', () => (request.complete ? forget() : request.once('close', forget)));
    });
  }

  /**
   * Closes the server: takes no connection more, and lets requests finish while they get on.
   * @param timeMaxMs how long that may take, in milliseconds.
   */
  close(timeMaxMs: number): Promise<void> {
    this.#server.on('timeout', (socket: Socket) => this.#endUnlessAnswered(socket));
    const deadline = setTimeout(() => this.#endAll(), timeMaxMs);
    const look = setInterval(() => this.#look(), lookIntervalMs);
    this.#look();
    return new Promise((closed) => {
      this.#server.close(() => {
        clearInterval(look);
        clearTimeout(deadline);
        closed();
      });
    });
  }

  /**
   * Node measures how long a connection stands still; answers set that to what they like. It tells
   * nothing of those that were upgraded: whoever took one over ends it.
   */
  #look(): void {
    this.#server.closeIdleConnections();
    for (const [socket, exchanges] of this.#exchanges) {
      if ([...exchanges].some(isAnswered)) socket.destroySoon();
      if (socket.timeout !== requestLimits.stillTimeMaxMs) {
        socket.setTimeout(requestLimits.stillTimeMaxMs);
      }
    }
  }

  #endUnlessAnswered(socket: Socket): void {
    const isAwaited = [...(this.#exchanges.get(socket) ?? [])].some(isBeingAnswered);
    if (isAwaited) socket.setTimeout(requestLimits.stillTimeMaxMs);
    else socket.destroy();
  }

  #endAll(): void {
    for (const socket of this.#exchanges.keys()) socket.destroy();
  }
}

/** Whether nothing but the rest of its body is still to come. */
function isAnswered({ response }: Exchange): boolean {
  return response.writableFinished;
}

/** Whether the server, rather than its client, has to go on: all was received, nothing waits. */
function isBeingAnswered({ request, response }: Exchange): boolean {
  return request.complete && !response.writableEnded && !response.writableNeedDrain;
}
