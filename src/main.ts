#!/usr/bin/env node
/** The command line: `everstate serve` and `demo`. Listening, and closing in order. */
import './production.ts';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import pino from 'pino';
import { createApp } from './app.ts';
import { type Config, readConfig, settingFlags, WrongSetting } from './config.ts';
import { CannotOpen, openStore, type Store, Unavailable } from './db/index.ts';
import { FrontDoor, hostRule, packageVersion, RequestsUnderWay } from './http/index.ts';
import { loadEntities } from './load-entities.ts';
import { onParentEnd } from './parent.ts';

/** How long requests that are under way at a stop may take. */
const closeTimeMaxMs = 10_000;
const log = pino(pino.destination(2));

const program = new Command('everstate')
  .description('Application state that never forgets, served over GraphQL.')
  .version(packageVersion())
  .configureOutput({ outputError: (message) => fail(message.replace(/^error: /, '')) });
const settings = settingFlags().map(({ name, flag, description }) => {
  const option = new Option(flag, description);
  option.argParser((value: string, before?: string) =>
    option.attributeName() === 'allowedHost' && before !== undefined ? `${before},${value}` : value,
  );
  return { name, option };
});
const serving = program
  .command('serve', { isDefault: true })
  .description('serve a data directory until interrupted')
  .allowExcessArguments()
  .action(async (given: Record<string, string>, { args }: Command) => {
    if (args[0] !== undefined) refuseArgument(args[0]);
    await serve(configOf(given));
  });
const demo = program
  .command('demo')
  .description('fill a data directory with real files and todos about them')
  .action(async (given: Record<string, string>) => {
    const { runDemo } = await import('./demo/index.ts');
    await runDemo(configOf(given));
  });
for (const { name, option } of settings) {
  serving.addOption(option);
  if (name === 'data') demo.addOption(option);
}

try {
  await program.parseAsync();
} catch (error) {
  const expected = [CannotOpen, Unavailable, WrongSetting].find((kind) => error instanceof kind);
  if (!expected) throw error;
  fail((error as Error).message);
}

/** @param given what commander read, by its own names. */
function configOf(given: Record<string, string>): Config {
  const flags = settings.map(({ name, option }) => [name, given[option.attributeName()]]);
  return readConfig(Object.fromEntries(flags), process.env);
}

/** A word that is no command is given to the one that stands for none. */
function refuseArgument(word: string): never {
  if (program.args[0] === serving.name()) {
    fail(`too many arguments: serve takes none, but was given "${word}".`);
  }
  const known = program.commands.map((command) => command.name()).join(', ');
  fail(`unknown command "${word}"; there are ${known}. See everstate --help.`);
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
  const door = new FrontDoor(hostRule(config.host, config.allowedHosts));
  const server = createServer((request, response) => {
    // While it closes, a connection ends with the request that it has under way.
    if (!server.listening) response.shouldKeepAlive = false;
    if (door.answers(request, response)) return;
    listener.then((handle) => handle(request, response));
  });
  const underWay = new RequestsUnderWay(server);
  await listen(server, config);
  // Half of it for what was read, half for finished answers.
  const keptAnswersBytesMax = (config.keptAnswersMaxMb * 1024 * 1024) / 2;
  const store = await openStore({
    directory: config.data,
    entities,
    replicaMemoryMaxMb: config.replicaMemoryMaxMb,
    keptAnswersBytesMax,
    onFault: (error) => log.error({ err: error }, 'background work failed and is tried again'),
    onStateChange: ({ part, state, message, error }) => {
      const level = state === 'ok' ? 'info' : 'error';
      log[level]({ part, state, err: error ?? undefined }, message);
    },
  });
  const { connectionsPerClientMax, bodyMaxMb } = config;
  const limits = {
    connectionsPerClientMax,
    bodyBytesMax: bodyMaxMb * 1024 * 1024,
    keptOperationsBytesMax: keptAnswersBytesMax,
  };
  const app = createApp(store, { log, limits });
  const closeWebSockets = app.acceptWebSockets(server, door);
  answer(app as RequestListener);
  closeOnSignal(async () => {
    store.endFollowing();
    closeWebSockets();
    await underWay.close(closeTimeMaxMs);
    await store.close();
  });
  tellOfHiddenKinds(store, config);
  const data = resolve(config.data);
  console.log(`Everstate is ready: GraphiQL at ${urlOf(server)}/graphql, data in ${data}`);
}

/** Whoever misses records after a start with other kinds should not have to guess why. */
function tellOfHiddenKinds({ hiddenKinds }: Store, { entities }: Config): void {
  if (hiddenKinds.length === 0) return;
  const kinds = new Intl.ListFormat('en').format(hiddenKinds);
  const how =
    entities === null
      ? 'Start with --entities and a file that exports them, too'
      : `Export them from ${entities}, too`;
  console.log(`The log also holds records of ${kinds}, which are not served. ${how}, to see them.`);
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
function closeOnSignal(close: () => Promise<void>): void {
  let closing = false;
  const stop = (reason: string) => {
    if (closing) process.exit(1);
    closing = true;
    console.log(`Everstate is closing (${reason}).`);
    close().catch((error) => {
      log.error({ err: error }, 'closing failed');
      process.exit(1);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  onParentEnd(() => {
    if (!closing) stop('what started it has ended');
  });
}
