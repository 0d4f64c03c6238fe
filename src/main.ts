#!/usr/bin/env node
/** The command line: `everstate serve`. Listening, and closing in order. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setInterval } from 'node:timers';
import { Command } from 'commander';
import pino from 'pino';
import { createApp } from './app.ts';
import { type Config, readConfig, WrongSetting } from './config.ts';
import { CannotOpen, openStore, type Store } from './db/index.ts';
import { refuseMalformedHost } from './http/index.ts';
import { loadEntities } from './load-entities.ts';

/** How long requests that are under way at a stop may take. */
const closeTimeMaxMs = 10_000;
const log = pino(pino.destination(2));

const program = new Command('everstate')
  .description('Application state that never forgets, served over GraphQL.')
  .configureOutput({ outputError: (message) => fail(message.replace(/^error: /, '')) });
program
  .command('serve', { isDefault: true })
  .description('serve a data directory until interrupted')
  .option('--host <address>', 'address to listen on (EVERSTATE_HOST, default 127.0.0.1)')
  .option('--port <port>', 'port to listen on, 0 for a free one (EVERSTATE_PORT, default 4000)')
  .option('--data <directory>', 'data directory (EVERSTATE_DATA, default ./data)')
  .option('--entities <file>', 'kinds of records of your own (EVERSTATE_ENTITIES)')
  .option('--replica-memory-max-mb <mb>', 'memory for DuckDB (EVERSTATE_REPLICA_MEMORY_MB)')
  .option(
    '--connections-per-client-max <count>',
    'open subscriptions of one address (EVERSTATE_CONNECTIONS_PER_CLIENT)',
  )
  .action(async (flags: Partial<Record<keyof Config, string>>) => {
    await serve(readConfig(flags, process.env));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof WrongSetting || error instanceof CannotOpen)) throw error;
  fail(error.message);
}

/** Says in one line why it cannot serve. A port that is open already must not keep the process. */
function fail(message: string): never {
  console.error(`everstate: ${message.trim().replace(/\s*\n\s*/g, ' ')}`);
  process.exit(1);
}

/** Takes the port first: a port in use then leaves the data directory untouched. */
async function serve(config: Config): Promise<void> {
  const entities = await loadEntities(config.entities);
  let answer: (listener: RequestListener) => void = () => {};
  const listener = new Promise<RequestListener>((ready) => {
    answer = ready;
  });
  const server = createServer((request, response) => {
    // While it closes, a connection ends with the request that it has under way.
    if (!server.listening) response.shouldKeepAlive = false;
    if (refuseMalformedHost(request, response)) return;
    listener.then((handle) => handle(request, response));
  });
  await listen(server, config);
  const store = await openStore({
    directory: config.data,
    entities,
    replicaMemoryMaxMb: config.replicaMemoryMaxMb,
    onFault: (error) => log.error({ err: error }, 'background work failed and is tried again'),
    onStateChange: ({ part, state, message, error }) => {
      const level = state === 'ok' ? 'info' : 'error';
      log[level]({ part, state, err: error ?? undefined }, message);
    },
  });
  const { connectionsPerClientMax } = config;
  const app = createApp(store, { log, limits: { connectionsPerClientMax } });
  const closeWebSockets = app.acceptWebSockets(server);
  answer(app as RequestListener);
  closeOnSignal(server, store, closeWebSockets);
  const data = resolve(config.data);
  console.log(`Everstate is ready: GraphiQL at ${urlOf(server)}/graphql, data in ${data}`);
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((listening, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'is in use. Stop what listens there, or choose another with --port (0 takes a free one).'
          : `cannot be listened on (${error.code}). Choose another with --host and --port.`;
      reject(new WrongSetting(`${host}:${port} ${reason}`));
    });
    server.listen(port, host, listening);
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Stops on the first signal; a second one does not wait. */
function closeOnSignal(server: Server, store: Store, closeWebSockets: () => void): void {
  let closing = false;
  const close = async (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    console.log(`Everstate is closing (${signal}).`);
    store.endFollowing();
    closeWebSockets();
    await closeServer(server);
    await store.close();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    close(signal).catch((error) => {
      log.error({ err: error }, 'closing failed');
      process.exit(1);
    });
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** Lets requests finish, for a bounded time. */
function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const deadline = setTimeout(() => server.closeAllConnections(), closeTimeMaxMs);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(deadline);
      closed();
    });
  });
}
