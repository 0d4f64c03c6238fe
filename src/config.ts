/** What can be set: flags and EVERSTATE_* variables, checked and frozen before anything starts. */

export interface Config {
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on; 0 takes a free one. */
  readonly port: number;
  /** The data directory. */
  readonly data: string;
  /** A TypeScript or JavaScript file that exports the entities to serve; null: those that ship. */
  readonly entities: string | null;
  /** Memory that DuckDB may use, in megabytes. */
  readonly replicaMemoryMaxMb: number;
  /** Connections for subscriptions that one client address may have open. */
  readonly connectionsPerClientMax: number;
  /** Largest request body, in megabytes. */
  readonly bodyMaxMb: number;
}

/** A setting has a value that cannot work; the message is one line that says what to do. */
export class WrongSetting extends Error {}

/** A setting: its flag, its variable, its default, and how its text is read. */
interface Setting<Value> {
  readonly variable: string;
  readonly preset: Value;
  readonly expected: string;
  /** The value that the text stands for; undefined when it stands for none. */
  readonly parse: (text: string) => Value | undefined;
}

const text = (value: string) => (value === '' ? undefined : value);
const wholeNumber = (min: number, max: number) => (value: string) => {
  const number = Number(value);
  return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined;
};

const settings: { readonly [Name in keyof Config]: Setting<Config[Name]> } = {
  host: {
    variable: 'EVERSTATE_HOST',
    preset: '127.0.0.1',
    expected: 'an address to listen on',
    parse: text,
  },
  port: {
    variable: 'EVERSTATE_PORT',
    preset: 4000,
    expected: 'a port from 0 to 65535',
    parse: wholeNumber(0, 65_535),
  },
  data: {
    variable: 'EVERSTATE_DATA',
    preset: './data',
    expected: 'a directory',
    parse: text,
  },
  entities: {
    variable: 'EVERSTATE_ENTITIES',
    preset: null,
    expected: 'a file that exports entities',
    parse: text,
  },
  replicaMemoryMaxMb: {
    variable: 'EVERSTATE_REPLICA_MEMORY_MB',
    preset: 2_048,
    expected: 'megabytes from 128 to 1048576',
    parse: wholeNumber(128, 1_048_576),
  },
  connectionsPerClientMax: {
    variable: 'EVERSTATE_CONNECTIONS_PER_CLIENT',
    preset: 1_000,
    expected: 'connections from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
  },
  bodyMaxMb: {
    variable: 'EVERSTATE_BODY_MAX_MB',
    preset: 8,
    expected: 'megabytes from 1 to 128',
    parse: wholeNumber(1, 128),
  },
};

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
    const { variable, preset, expected, parse } = settings[name];
    const [source, given] =
      flags[name] === undefined ? [variable, environment[variable]] : [flagOf(name), flags[name]];
    if (given === undefined) return preset;
    const value = parse(given);
    if (value !== undefined) return value;
    throw new WrongSetting(`${source} must be ${expected}, but was ${JSON.stringify(given)}.`);
  };
  refuseUnknownVariables(environment);
  return Object.freeze({
    host: read('host'),
    port: read('port'),
    data: read('data'),
    entities: read('entities'),
    replicaMemoryMaxMb: read('replicaMemoryMaxMb'),
    connectionsPerClientMax: read('connectionsPerClientMax'),
    bodyMaxMb: read('bodyMaxMb'),
  });
}

/** A misspelt variable would silently do nothing. */
function refuseUnknownVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const known = Object.values(settings).map(({ variable }) => variable);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('EVERSTATE_') || known.includes(name)) continue;
    throw new WrongSetting(`${name} is not a setting; there are ${known.join(', ')}.`);
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
