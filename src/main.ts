#!/usr/bin/env node
/** The command line: `everstate serve` and `demo`. Starting, and closing in order. */
import './production.ts';
import cluster from 'node:cluster';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import pino from 'pino';
import { type Config, readConfig, settingFlags, WrongSetting } from './config.ts';
import { CannotOpen, Unavailable } from './db/index.ts';
import { packageVersion } from './http/index.ts';
import { findPort } from './listen.ts';
import { onParentEnd } from './parent.ts';
import { type Served, serve } from './serve.ts';
import { giveUp, work } from './worker.ts';
import { CannotServe, Workers } from './workers.ts';

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
    await start(configOf(given));
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
  fail(reasonOf(error));
}

/** Why it cannot serve, for whoever started it. @throws what has no such reason. */
function reasonOf(error: unknown): string {
  const kinds = [CannotOpen, CannotServe, Unavailable, WrongSetting];
  if (!kinds.some((kind) => error instanceof kind)) throw error;
  return (error as Error).message;
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

/** In this process, or in several that it starts. */
async function start(config: Config): Promise<void> {
  if (config.workers === 1) await startAlone(config);
  else if (cluster.isPrimary) await startWorkers(config);
  else await work(config, log).catch((error) => giveUp(reasonOf(error)));
}

async function startAlone(config: Config): Promise<void> {
  const serving = await serve(config, log);
  closeOnSignal(serving.close);
  tellReady(serving, config);
}

async function startWorkers(config: Config): Promise<void> {
  // Each worker would find out by itself; here nothing is begun yet, and it is told once.
  const port = await findPort(config);
  const workers = new Workers([...process.argv.slice(2), `--port=${port}`], log);
  closeOnSignal(() => workers.close());
  const served = await workers.start(config.workers);
  if (served) tellReady(served, config);
}

function tellReady({ url, hiddenKinds }: Served, config: Config): void {
  tellOfHiddenKinds(hiddenKinds, config);
  const data = resolve(config.data);
  console.log(`Everstate is ready: GraphiQL at ${url}/graphql, data in ${data}`);
}

/** Whoever misses records after a start with other kinds should not have to guess why. */
function tellOfHiddenKinds(hiddenKinds: readonly string[], { entities }: Config): void {
  if (hiddenKinds.length === 0) return;
  const kinds = new Intl.ListFormat('en').format(hiddenKinds);
  const how =
    entities === null
      ? 'Start with --entities and a file that exports them, too'
      : `Export them from ${entities}, too`;
  console.log(`The log also holds records of ${kinds}, which are not served. ${how}, to see them.`);
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
