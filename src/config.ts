/** What can be set: flags and EVERSTATE_* variables, checked and frozen before anything starts. */
// Not through its room's index, which loads the whole server.
import { hostnameOf } from './http/server/hosts.ts';

export interface Config {
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on; 0 takes a free one. */
  readonly port: number;
  /** The data directory. */
  readonly data: string;
  /** A TypeScript or JavaScript file that exports the entities to serve; null: those that ship. */
  readonly entities: string | null;
  /** Processes that serve together. */
  readonly workers: number;
  /** Names besides those of this machine that the server answers to. */
  readonly allowedHosts: readonly string[];
  /** Memory that DuckDB may use, in all workers together, in megabytes. */
  readonly replicaMemoryMaxMb: number;
  /** Connections for subscriptions that one client address may have open. */
  readonly connectionsPerClientMax: number;
  /** Largest request body, in megabytes. */
  readonly bodyMaxMb: number;
  /** Memory for answers that are kept, in all workers together, in megabytes; 0 keeps none. */
  readonly keptAnswersMaxMb: number;
}

/** A setting has a value that cannot work; the message is one line that says what to do. */
export class WrongSetting extends Error {}

/** A setting: how it is given and told of, its default, and how its text is read. */
interface Setting<Value> {
  /** The flag, with a word for its value; its variable is named after the setting. */
  readonly flag: string;
  readonly description: string;
  readonly preset: Value;
  readonly expected: string;
  /** The value that the text stands for; undefined when it stands for none. */
  readonly parse: (text: string) => Value | undefined;
}

/** Less memory for DuckDB is of no use to a process. */
const replicaMemoryMinMb = 128;

const text = (value: string) => (value === '' ? undefined : value);
const wholeNumber = (min: number, max: number) => (value: string) => {
  const number = Number(value);
  return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined;
};

/** Names, separated by commas, as URLs have them. */
const hostNames = (list: string) => {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  return names.every((name) => hostnameOf(name) === name) ? names : undefined;
};

const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  host: {
    flag: '--host <address>',
    description: 'address to listen on',
    preset: '127.0.0.1',
    expected: 'an address to listen on',
    parse: text,
  },
  port: {
    flag: '--port <port>',
    description: 'port to listen on, 0 for a free one',
    preset: 4000,
    expected: 'a port from 0 to 65535',
    parse: wholeNumber(0, 65_535),
  },
  data: {
    flag: '--data <directory>',
    description: 'data directory',
    preset: './data',
    expected: 'a directory',
    parse: text,
  },
  entities: {
    flag: '--entities <file>',
    description: 'kinds of records of your own',
    preset: null,
    expected: 'a file that exports entities',
    parse: text,
  },
  workers: {
    flag: '--workers <count>',
    description: 'processes that serve together',
    preset: 1,
    expected: 'processes from 1 to 16',
    parse: wholeNumber(1, 16),
  },
  allowedHosts: {
    flag: '--allowed-host <name>',
    description: 'name that leads here, besides those of this machine; may be repeated',
    preset: [],
    expected: 'names of hosts without ports, such as everstate.example',
    parse: hostNames,
  },
  replicaMemoryMaxMb: {
    flag: '--replica-memory-max-mb <mb>',
    description: 'memory for DuckDB, of all workers together',
    preset: 1_024,
    expected: `megabytes from ${replicaMemoryMinMb} to 1048576`,
    parse: wholeNumber(replicaMemoryMinMb, 1_048_576),
  },
  connectionsPerClientMax: {
    flag: '--connections-per-client-max <count>',
    description: 'open subscriptions of one address with one worker',
    preset: 1_000,
    expected: 'connections from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
  },
  bodyMaxMb: {
    flag: '--body-max-mb <mb>',
    description: 'largest request body',
    preset: 8,
    expected: 'megabytes from 1 to 128',
    parse: wholeNumber(1, 128),
  },
  keptAnswersMaxMb: {
    flag: '--kept-answers-max-mb <mb>',
    description: 'memory for answers that are kept while they hold; 0 keeps none',
    preset: 128,
    expected: 'megabytes from 0 to 65536',
    parse: wholeNumber(0, 65_536),
  },
};

const settingNames = Object.keys(settings) as (keyof Config)[];

/** The settings as a command line offers them; one that is given twice is given as a list. */
export function settingFlags(): { name: keyof Config; flag: string; description: string }[] {
  return settingNames.map((name) => {
    const { flag, description, preset } = settings[name];
    const isNone = preset === null || (Array.isArray(preset) && preset.length === 0);
    const otherwise = isNone ? '' : `, default ${preset}`;
    return { name, flag, description: `${description} (${variableOf(name)}${otherwise})` };
  });
}

/**
 * The configuration: a flag wins over its variable, a variable over the default.
 * @param flags as given on the command line, by the names of Config.
 * @param environment such as process.env.
 * @throws WrongSetting that names the setting, what was expected and what was got.
 */
export function readConfig(
  flags: Readonly<Partial<Record<keyof Config, string>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const read = <Name extends keyof Config>(name: Name): Config[Name] => {
    const { flag, preset, expected, parse } = settings[name];
    const variable = variableOf(name);
    const [source, given] =
      flags[name] === undefined
        ? [variable, environment[variable]]
        : [flag.split(' ')[0], flags[name]];
    if (given === undefined) return preset;
    const value = parse(given);
    if (value !== undefined) return value;
    throw new WrongSetting(`${source} must be ${expected}, but was ${JSON.stringify(given)}.`);
  };
  refuseUnknownVariables(environment);
  const config = {
    host: read('host'),
    port: read('port'),
    data: read('data'),
    entities: read('entities'),
    workers: read('workers'),
    allowedHosts: read('allowedHosts'),
    replicaMemoryMaxMb: read('replicaMemoryMaxMb'),
    connectionsPerClientMax: read('connectionsPerClientMax'),
    bodyMaxMb: read('bodyMaxMb'),
    keptAnswersMaxMb: read('keptAnswersMaxMb'),
  };
  refuseSmallShares(config);
  return Object.freeze(config);
}

/** Workers share what DuckDB may use. */
function refuseSmallShares({ workers, replicaMemoryMaxMb }: Config): void {
  if (replicaMemoryMaxMb >= workers * replicaMemoryMinMb) return;
  throw new WrongSetting(
    `--replica-memory-max-mb must be at least ${workers * replicaMemoryMinMb} for ${workers} ` +
      `workers, ${replicaMemoryMinMb} for each, but was ${replicaMemoryMaxMb}.`,
  );
}

/** A misspelt variable would silently do nothing. */
function refuseUnknownVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const known = settingNames.map(variableOf);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('EVERSTATE_') || known.includes(name)) continue;
    throw new WrongSetting(`${name} is not a setting; there are ${known.join(', ')}.`);
  }
}

function variableOf(name: string): string {
  return `EVERSTATE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
