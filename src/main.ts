#!/usr/bin/env node
/**
 * The command line: `everstate serve`, `demo` and `token`. What they do is loaded when they do it, so that
 * help and a wrong setting do not wait for the server's code, which takes most of a second to load.
 */
import './production.ts';
import { Command, Option } from 'commander';
import { type Config, readConfig, refuseOpenDoor, settingFlags, WrongSetting } from './config.ts';
import { packageVersion } from './http/server/package-version.ts';

type TokenOptions = Record<string, string> & { sub: string; role: string[]; expires: string };

const program = new Command('everstate')
  .description('Application state that never forgets, served over GraphQL.')
  .version(packageVersion())
  .configureOutput({ outputError: (message) => fail(message.replace(/^error: /, '')) });
const settings = settingFlags().map(({ name, flag, description, isList }) => {
  const option = new Option(flag, description);
  if (isList) {
    option.argParser((value: string, before?: string) =>
      before === undefined ? value : `${before},${value}`,
    );
  }
  return { name, option };
});
const serving = program
  .command('serve', { isDefault: true })
  .description('serve a data directory until interrupted')
  .allowExcessArguments()
  .action(async (given: Record<string, string>, { args }: Command) => {
    if (args[0] !== undefined) refuseArgument(args[0]);
    const config = configOf(given);
    refuseOpenDoor(config);
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
const token = program
  .command('token')
  .description('print a token that a server with the same secret takes')
  .requiredOption('--sub <id>', 'whom it is for')
  .option('--role <name...>', 'a role that it lists; may be repeated', [])
  .option('--expires <time>', 'how long it is valid, such as 30m, 8h or 7d', '8h')
  .action(async ({ sub, role, expires, ...given }: TokenOptions) => {
    const config = configOf(given);
    const { makeToken } = await import('./make-token.ts');
    console.log(await makeToken({ id: sub, roles: role }, expires, config));
  });
for (const { name, option } of settings) {
  serving.addOption(option);
  if (name === 'data') demo.addOption(option);
  if (name.startsWith('jwt')) token.addOption(option);
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
  const flags = settings.flatMap(({ name, option }) => {
    const value = given[option.attributeName()];
    return value === undefined ? [] : [[name, String(value)]];
  });
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
