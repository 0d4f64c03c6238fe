/** GraphQL over WebSocket, by the protocol graphql-transport-ws: opening sockets, and their ends. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { clearTimeout, setInterval, setTimeout } from 'node:timers';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Viewers } from '../identity/viewers.ts';
import { atMoment } from '../identity/while-known.ts';
import type { ClientAddresses } from '../server/client-addresses.ts';
import type { Connections } from '../server/connections.ts';
import type { Origins } from '../server/cors.ts';
import type { FrontDoor, Refusal } from '../server/front-door.ts';
import { requestLimits } from '../server/request-limits.ts';
import { type MaskError, markOf, requestIdHeader } from '../server/request-mark.ts';
import { answerHeaders } from '../server/security-headers.ts';
import type { Backlog } from './backlog.ts';
import type { OperationWatch } from './operation-watch.ts';
import { SocketMessages } from './socket-messages.ts';
import {
  type AnyYoga,
  type ConnectionParams,
  type SocketExtra,
  socketOperations,
} from './socket-operations.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** What WebSockets need of the application. */
export interface SocketTerms {
  readonly connections: Connections;
  /** By which address a client’s connections are counted. */
  readonly clients: ClientAddresses;
  /** Who may ask at all, and in which form. */
  readonly door: FrontDoor;
  /** From which pages. */
  readonly origins: Origins;
  /** What waits on all connections. */
  readonly backlog: Backlog;
  /** What a client may see of an error. */
  readonly maskError: MaskError;
  readonly viewers: Viewers;
  /** Whose ids may stand for them. */
  readonly documents: TrustedDocuments;
  /** Told of every operation; null where nobody wants to know. */
  readonly watch: OperationWatch | null;
  /** How often a client is asked whether it still listens; one that does not answer is dropped. */
  readonly keepAliveMs: number;
}

/** Those whose WebSockets are accepted: a second time would answer each of them twice. */
const accepting = new WeakSet<Server>();

/**
 * Accepts WebSockets at the application's GraphQL endpoint on a server.
 * @returns closes all of them: the clients are told that the server goes away.
 * @throws TypeError when an application does so on this server already.
 */
export function acceptWebSockets(server: Server, yoga: AnyYoga, terms: SocketTerms): () => void {
  if (accepting.has(server)) throw new TypeError('This server accepts WebSockets already.');
  accepting.add(server);
  const protocol = makeServer(socketOperations(yoga, terms));
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: requestLimits.messageBytesMax,
  });
  sockets.on('headers', (headers, request) => {
    headers.push(`${requestIdHeader}: ${markOf({ req: request }).id}`);
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal =
      terms.door.refusalOf(request) ?? refusalOf(request, yoga.graphqlEndpoint, terms.origins);
    // What is not ours may be somebody else's, where somebody else listens.
    if (!isAt(yoga.graphqlEndpoint, request) && server.listenerCount('upgrade') > 1) return;
    // A connection that breaks while it is refused or opened is nobody's fault here.
    socket.on('error', () => {});
    if (refusal) return refuse(socket, request, refusal);
    const release = terms.connections.open(terms.clients.of(request));
    if (!release) {
      return refuse(socket, request, { status: 429, message: terms.connections.refusal });
    }
    socket.once('close', release);
    sockets.handleUpgrade(request, socket, head, (opened) =>
      converse(opened, request, protocol, terms),
    );
  };
  server.on('upgrade', upgrade);
  return () => {
    server.off('upgrade', upgrade);
    accepting.delete(server);
    for (const socket of sockets.clients) {
      socket.close(1001, 'Going away');
      setTimeout(() => socket.terminate(), requestLimits.closeTimeMaxMs).unref();
    }
    sockets.close();
  };
}

function isAt(endpoint: string, { url }: IncomingMessage): boolean {
  return url?.split('?')[0] === endpoint;
}

/** Why no WebSocket is opened, where the request itself could be answered. */
function refusalOf(request: IncomingMessage, endpoint: string, origins: Origins): Refusal | null {
  if (!isAt(endpoint, request)) {
    return { status: 404, message: `WebSockets are accepted at ${endpoint}.` };
  }
  const { headers } = request;
  if (origins.mayCallUnasked(headers.origin, headers.host)) return null;
  const message =
    'WebSockets are accepted from pages of this machine and server, and of allowed origins.';
  return { status: 403, message };
}

/** Ends with an answer, and soon with the connection, whether or not its client closes it. */
function refuse(socket: Duplex, req: IncomingMessage, { status, message }: Refusal): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    `${requestIdHeader}: ${markOf({ req }).id}`,
    ...Object.entries(answerHeaders).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // Until then what the client sends is read, or its network would take the answer back.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), requestLimits.closeTimeMaxMs).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Connects a socket with the protocol, until it closes. */
function converse(
  socket: WebSocket,
  request: IncomingMessage,
  protocol: ReturnType<typeof makeServer<ConnectionParams, SocketExtra>>,
  { backlog, maskError, keepAliveMs }: SocketTerms,
): void {
  // What cannot be read, or is too large, ends the socket with its own close code.
  socket.on('error', () => {});
  const messages = new SocketMessages(socket, backlog);
  const endAt = (moment: number, reason: string) => {
    if (socket.readyState !== socket.OPEN) return;
    const callOff = atMoment(moment, () => messages.end(CloseCode.Unauthorized, reason));
    socket.once('close', callOff);
  };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (message) => messages.send(message),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => {
        socket.on('message', (message, isBinary) => {
          // Of text alone has it been checked that it is UTF-8.
          if (isBinary) return socket.close(CloseCode.BadRequest, 'Invalid message received');
          messages.receive(String(message), take).catch((error) => {
            maskError(error, { req: request });
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        });
      },
    },
    { request, messages, end: (code, reason) => messages.end(code, reason), endAt },
  );
  dropWhenSilent(socket, keepAliveMs);
  socket.once('close', (code, reason) => {
    closed(code, String(reason)).catch((error) => maskError(error, { req: request }));
  });
}

/** A client that does not read does not answer either. */
function dropWhenSilent(socket: WebSocket, keepAliveMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, keepAliveMs).unref();
  socket.on('pong', () => {
    answered = true;
  });
  socket.once('close', () => clearInterval(timer));
}
