#!/usr/bin/env node
/**
 * The command line, from `everstate serve` to `everstate compact`. What a command does is loaded when it
 * does it, so that help and a wrong setting do not wait for the server's code, which takes a while to load.
 */
import './production.ts';
import { Command, Option } from 'commander';
import type { BackupOptions, RestoreOptions } from './backup/index.ts';
import { helpOf } from './command-help.ts';
import { type Config, readConfig, refuseOpenDoor, settingFlags, WrongSetting } from './config.ts';
import type { Entity } from './entities/index.ts';
import type { EraseOptions } from './erasure/index.ts';
import { packageVersion } from './http/server/package-version.ts';
import type { ProveOptions, VerifyOptions } from './proof/index.ts';
import type { Told } from './terminal/index.ts';
import type { ExportOptions, ImportOptions, PutOptions } from './transfer/index.ts';
import type { ClearOptions } from './upkeep/index.ts';

/** What every command that tells what came of it takes besides settings. */
type Telling = { readonly json: boolean };
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
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (given: Telling) => {
    await tellOf(async () => {
      const { runDemo } = await import('./demo/index.ts');
      return await runDemo(configOf(given));
    }, given);
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
const schema = program
  .command('schema')
  .description('print the schema that is served, in the schema definition language of GraphQL')
  .action(async (given: Record<string, string>) => {
    const { entities } = configOf(given);
    const [{ loadEntities }, { printedSchema }] = await Promise.all([
      import('./load-entities.ts'),
      import('./print-schema.ts'),
    ]);
    console.log(printedSchema(await loadEntities(entities)));
  });
const exporting = program
  .command('export')
  .description('write a state, or the whole history, to Parquet, CSV or NDJSON files')
  .argument('<directory>', 'where to; nothing is there yet')
  .option('--format <format>', 'parquet, csv or ndjson', 'parquet')
  .option('--history', 'every version and transaction, instead of the state', false)
  .option('--at-position <position>', 'as it was at a position')
  .option('--at-time <time>', 'as it was at a moment, such as 2026-11-23T01:02:03Z')
  .option('--entity <name...>', 'only some kinds of records; may be repeated')
  .option('--files', 'the contents of files as well, each once', false)
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (directory: string, given: ExportOptions & Telling) => {
    const { runExport } = await import('./transfer/index.ts');
    await telling(given, (data, entities) => runExport(directory, given, data, entities));
  });
const importing = program
  .command('import')
  .description('take in an export, a file of records, or databases of dkdc-state')
  .argument('<source...>', 'the directory of an export, or files')
  .option('--dkdc', 'databases of dkdc-state, with their whole history', false)
  .option('--entity <name>', 'what the rows of a file are')
  .option('--format <format>', 'parquet, csv or ndjson, where its name does not tell')
  .option('--update', 'have records that are there with other values so', false)
  .option('--actor <name>', 'who is said to have written records')
  .option('--reason <text>', 'and why')
  .option('--dry-run', 'say what would happen, and change nothing', false)
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (sources: string[], given: ImportOptions & Telling) => {
    const { runImport } = await import('./transfer/index.ts');
    await telling(given, (data, entities) => runImport(sources, given, data, entities));
  });
const putting = program
  .command('put')
  .description('have the files of a directory in the lake; what has the same bytes stays as it is')
  .argument('<directory>', 'what is put there, with all that is below it')
  .option('--to <folder>', 'the folder of the lake; its root without it')
  .option('--user <id>', 'whose files they are; nobody’s in particular without it')
  .option('--delete', 'delete what that folder has and the directory has not', false)
  .option('--dry-run', 'say what would happen, and change nothing', false)
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (directory: string, given: PutOptions & Telling) => {
    const { runPut } = await import('./transfer/index.ts');
    await telling(given, (data, entities) => runPut(directory, given, data, entities));
  });
const verifying = program
  .command('verify')
  .description('prove that nothing in a data directory was altered, whether it is served or not')
  .option('--head <head>', 'a head noted elsewhere, as <position>:<digest> or <digest>')
  .option('--no-replica', 'leave the files of replicas out')
  .option('--proof <file>', 'check what prove wrote instead, without a data directory')
  .option('--receipt <file>', 'check the receipt of an erasure instead, without a data directory')
  .option('--key <key>', 'the key that receipts are signed by, as keys tells it')
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (given: VerifyOptions & Telling & { receipt?: string; key?: string }) => {
    const { checkProof, runVerify } = await import('./proof/index.ts');
    const { proof, receipt, key } = given;
    if (receipt !== undefined) {
      const { checkReceipt } = await import('./erasure/index.ts');
      await tellOf(() => checkReceipt(receipt, key), given);
    } else if (proof === undefined) {
      await telling(given, (data, entities) => runVerify(given, data, entities));
    } else await tellOf(() => checkProof(proof, given.head), given);
  });
const proving = program
  .command('prove')
  .description('print proof that a version of a record is in the log, for verify --proof')
  .argument('<entity>', 'the kind of the record, such as Todo')
  .argument('<id>', 'its id')
  .option('--revision <number>', 'which version of it; the last one without it')
  .option('--at-position <position>', 'the position of the head that it is proven against')
  .option('--json', 'say why not as JSON as well, which a proof is in any case', false)
  .action(async (entity: string, id: string, given: ProveOptions & Telling) => {
    const { runProve } = await import('./proof/index.ts');
    const run = (data: string, entities: readonly Entity[]) =>
      runProve(entity, id, given, data, entities);
    await telling(given, run);
  });
const erasing = program
  .command('erase')
  .description('erase what a record, or all records of somebody, hold and held, for good')
  .argument('[entity]', 'the kind of the record, such as Todo')
  .argument('[id]', 'its id')
  .option('--owner <id>', 'all records that ever were theirs, of all kinds, instead of one')
  .option('--actor <id>', 'who erases, for the receipt')
  .option('--reason <text>', 'why, for the receipt')
  .option('--receipt <file>', 'write the signed receipt into a file')
  .option('--yes', 'it is meant', false)
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(
    async (entity: string | undefined, id: string | undefined, given: EraseOptions & Telling) => {
      const { runErase } = await import('./erasure/index.ts');
      await telling(given, (data, entities) => runErase(entity, id, given, data, entities));
    },
  );
const keys = program
  .command('keys')
  .description('print the public key by which receipts of a data directory are signed')
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (given: Telling) => {
    const { runKeys } = await import('./erasure/index.ts');
    await telling(given, (data) => runKeys(data));
  });
const backingUp = program
  .command('backup')
  .description('back up what came since the last time into a directory, or all of it into a file')
  .argument('<target>', 'a directory, or a file where its name ends with .backup')
  .option('--follow', 'keep the directory up to date within a second, until interrupted', false)
  .option(
    '--drill',
    'restore what is there for a try, and compare its answers with the log’s',
    false,
  )
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (target: string, given: BackupOptions & Telling) => {
    const { runBackup } = await import('./backup/index.ts');
    await telling(given, (data, entities) => runBackup(target, given, data, entities));
  });
const restoring = program
  .command('restore')
  .description('restore a backup into a data directory that has no log')
  .argument('<backup>', 'what backup has written')
  .option('--to-position <position>', 'no further than the last transaction up to a position')
  .option('--to-time <time>', 'no further than the last up to a moment')
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (from: string, given: RestoreOptions & Telling) => {
    const { runRestore } = await import('./backup/index.ts');
    await telling(given, (data, entities) => runRestore(from, given, data, entities));
  });
const clearing = program
  .command('clear')
  .description('take all records away, or those of some kinds, once they are backed up')
  .option('--only <kind...>', 'delete these kinds alone, such as Todo; their history stays')
  .option(
    '--backup <target>',
    'where to, as backup takes it; a file beside the data directory without it',
  )
  .option('--no-backup', 'make no backup before')
  .option('--yes', 'ask nobody; needed where there is no terminal', false)
  .option('--actor <name>', 'who is said to have deleted kinds')
  .option('--reason <text>', 'and why')
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (given: ClearOptions & Telling) => {
    const { runClear } = await import('./upkeep/index.ts');
    await telling(given, (data, entities) => runClear(given, data, entities));
  });
const compacting = program
  .command('compact')
  .description('give room that the log needs no more back to the file system')
  .option('--json', 'tell what came of it as one JSON object', false)
  .action(async (given: Telling) => {
    const { runCompact } = await import('./upkeep/index.ts');
    await telling(given, runCompact);
  });
for (const command of program.commands) {
  command.addHelpText('after', helpOf(command.name()));
}
for (const { name, option } of settings) {
  serving.addOption(option);
  if (name === 'data') for (const command of [demo, compacting]) command.addOption(option);
  if (name === 'data' || name === 'entities') {
    const others = [
      ...[exporting, importing, putting, backingUp, restoring],
      ...[verifying, proving, erasing, keys, clearing],
    ];
    for (const command of others) command.addOption(option);
  }
  if (name === 'entities') schema.addOption(option);
  if (name.startsWith('jwt')) token.addOption(option);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof WrongSetting) fail(error.message);
  const { reasonOf } = await import('./reason.ts');
  fail(reasonOf(error));
}

/** Runs a command on a data directory, tells what came of it and ends with its code. */
async function telling(
  given: Telling,
  run: (data: string, entities: readonly Entity[]) => Promise<Told>,
): Promise<void> {
  await tellOf(async () => {
    const config = configOf(given);
    const { loadEntities } = await import('./load-entities.ts');
    return await run(config.data, await loadEntities(config.entities));
  }, given);
}

/** Runs a command, tells what came of it and ends with its code. */
async function tellOf(command: () => Promise<Told>, { json }: Telling): Promise<void> {
  const { tell } = await import('./terminal/index.ts');
  process.exitCode = await tell(command, json);
}

/** @param given what commander read, by its own names. */
function configOf(given: object): Config {
  const values = given as Readonly<Record<string, unknown>>;
  const flags = settings.flatMap(({ name, option }) => {
    const value = values[option.attributeName()];
    return value === undefined ? [] : [[name, String(value)]];
  });
  const config = readConfig(Object.fromEntries(flags), process.env);
  // SQLite looks once, at the first database. Elsewhere may be another disk, and a small one.
  process.env.SQLITE_TMPDIR ??= config.data;
  return config;
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
  const line = message.trim().replace(/\s*\n\s*/g, ' ');
  // What is refused before it is known which command was meant is told to programs as well.
  const isForProgram = process.argv.includes('--json');
  const error = { code: 'BAD_ARGUMENT', message: line, issues: [] };
  if (isForProgram) console.log(JSON.stringify({ error }));
  else console.error(`everstate: ${line}`);
  process.exit(1);
}
