#!/usr/bin/env node
/**
 * The command line: `everstate serve` and `demo`. What they do is loaded when they do it, so that
 * help and a wrong setting do not wait for the server's code, which takes most of a second to load.
 */
import './production.ts';
import { Command, Option } from 'commander';
import { type Config, readConfig, settingFlags, WrongSetting } from './config.ts';
import { packageVersion } from './http/server/package-version.ts';

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
    const config = configOf(given);
    const { start } = await import('./start.ts');
    await start(config);
  });
const demo = program
  .command('demo')
  .description('fill a data directory with real files and todos about them')
  .action(async (given: Record<string, string>) => {
    const config = configOf(given);
    const { runDemo } = await import('./demo/index.ts');
    await runDemo(config);
  });
for (const { name, option } of settings) {
  serving.addOption(option);
  if (name === 'data') demo.addOption(option);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof WrongSetting) fail(error.message);
  const { reasonOf } = await import('./reason.ts');
  fail(reasonOf(error));
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
