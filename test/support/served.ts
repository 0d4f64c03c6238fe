/** An application at a real address, with real connections that a test may cut. */
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen, type TestApi } from './api.ts';

export interface Served {
  /** Where GraphQL is. */
  readonly url: string;
  /** Ends every connection as a failing network does: without a word. How many there were. */
  readonly cut: () => number;
}

/** Serves over HTTP and WebSocket until the test ends. */
export async function serve({ app }: Pick<TestApi, 'app'>): Promise<Served> {
  const { url, server } = await listen(app);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = () => {
    const count = sockets.size;
    for (const socket of sockets) socket.resetAndDestroy();
    return count;
  };
  onTestFinished(() => void cut());
  return { url: `${url}/graphql`, cut };
}
