/** HTTP as text on a socket: what no client library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection to the server at a URL; its end with the test. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends lines of a head, and reads until the server closes: the status, and what follows the head. */
export async function exchange(url: string, lines: readonly string[]): Promise<[number, string]> {
  const socket = await connectTo(url);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
  return [Number(status), text.slice(text.indexOf('\r\n\r\n') + 4)];
}

/** The head of a request to open a WebSocket, without its first line and host. */
export const upgradeLines = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
];
