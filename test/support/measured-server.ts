/**
 * A server process that tells its parent, over Node's own channel, how long its event loop was
 * held. Its argument is the data directory.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';
import { openStore } from '../../src/db/index.ts';
import { shippedEntities } from '../../src/entities/index.ts';
import { StretchMeter } from './stretch-meter.ts';

/** What the parent is told when the server is ready. */
export interface Started {
  readonly port: number;
  /** See StretchMeter. */
  readonly slowness: number;
}

/** What the parent is told when it asks. */
export interface Held {
  /** The longest stretch since it last asked, in milliseconds. */
  readonly stretchMs: number;
  /** Memory that is used after garbage was collected, in bytes. */
  readonly memoryBytes: number;
}

const store = await openStore({ directory: process.argv[2] as string, entities: shippedEntities });
const app = createApp(store);
const server = createServer(app);
app.acceptWebSockets(server);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const meter = new StretchMeter();
process.on('message', (message: 'held' | 'collected') => {
  const stretchMs = meter.take();
  if (message === 'collected') globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ stretchMs, memoryBytes: heapUsed + external } satisfies Held);
  meter.take();
});
const { port } = server.address() as AddressInfo;
process.send?.({ port, slowness: meter.slowness } satisfies Started);
process.once('disconnect', () => process.exit());
