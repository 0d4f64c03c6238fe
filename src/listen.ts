/** The port: how it is taken, and what is said when it cannot be. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, WrongSetting } from './config.ts';

/** Where to listen. */
type Place = Pick<Config, 'host' | 'port'>;

/** Has a server listen. @param flags that say where. @throws WrongSetting when it cannot. */
export function listen(
  server: Server,
  { host, port }: Place,
  flags = { host: '--host', port: '--port' },
): Promise<void> {
  return new Promise((listening, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `is in use. Stop what listens there, or choose another with ${flags.port} (0 takes a free one).`
          : `cannot be listened on (${error.code}). Choose another with ${flags.host} and ${flags.port}.`;
      reject(new WrongSetting(`${host}:${port} ${reason}`));
    });
    server.listen(port, host, listening);
  });
}

/**
 * A port that can be listened on, which nobody does yet: the one that is given, or any for 0.
 * @throws WrongSetting when it cannot be listened on.
 */
export async function findPort(place: Place): Promise<number> {
  const server = createServer();
  await listen(server, place);
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** The address of a server that listens. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
