/** What can be set: flags and EVERSTATE_* variables, checked and frozen before anything starts. */
import { isIP } from 'node:net';
// Not through its room's index, which loads the whole server.
import { type ClientAddressHeader, clientAddressHeaders } from './http/server/client-addresses.ts';
import { hostnameOf, isLoopback } from './http/server/hosts.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];
const logFormats = ['json', 'text'] as const;
type LogFormat = (typeof logFormats)[number];

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
  /** Origins of pages that may call the server from a browser, besides those of this machine. */
  readonly allowedOrigins: readonly string[];
  /** Memory that DuckDB may use, in all workers together, in megabytes. */
  readonly replicaMemoryMaxMb: number;
  /** Connections for subscriptions that one client address may have open. */
  readonly connectionsPerClientMax: number;
  /** Largest request body, in megabytes. */
  readonly bodyMaxMb: number;
  readonly uploadMaxMb: number;
  /** Memory for answers that are kept, in all workers together, in megabytes; 0 keeps none. */
  readonly keptAnswersMaxMb: number;
  /** How long an idempotency key counts at least, in days; 0 for ever. */
  readonly idempotencyKeyDays: number;
  /** The secret that tokens are signed with (HS256); null where they are not, or it is in a file. */
  readonly jwtSecret: string | null;
  /** The file that has that secret. */
  readonly jwtSecretFile: string | null;
  /** Where an issuer has the public keys of its tokens: a file, or a URL. */
  readonly jwks: string | null;
  /** Who must have issued a token. */
  readonly jwtIssuer: string | null;
  /** Whom a token must be meant for. */
  readonly jwtAudience: string | null;
  /** The claim of a token that lists roles. */
  readonly jwtRolesClaim: string;
  /** How long a signed URL of a download is good at least, in seconds. */
  readonly downloadUrlSeconds: number;
  /** The header by which a proxy tells who asks, in small letters. */
  readonly viewerHeader: string | null;
  /** The addresses of proxies that are believed, or blocks of them: `10.0.0.0/8`. */
  readonly trustedProxies: readonly string[];
  /** The header in which those proxies tell the addresses of clients. */
  readonly clientAddressHeader: ClientAddressHeader;
  /** Whether it may listen on any address though it asks nobody who they are. */
  readonly insecure: boolean;
  /** The most that one operation may cost. */
  readonly costMax: number;
  /** Whether every answer tells what its operation cost. */
  readonly costReport: boolean;
  /** Mutations that one client may run in a minute; 0 sets no limit. */
  readonly mutationsPerMinuteMax: number;
  /** What the operations of one client may cost in a minute; 0 sets no limit. */
  readonly costPerMinuteMax: number;
  /** A file of documents by their ids, which clients may send in their place. */
  readonly trustedDocuments: string | null;
  /** Whether no other document is answered. */
  readonly trustedDocumentsOnly: boolean;
  /** How long a read may have to wait for the replica to catch up, for the server to be ready. */
  readonly readyLagMaxMs: number;
  /** The port on which metrics are; null where there are none. */
  readonly metricsPort: number | null;
  /** The address of that port. */
  readonly metricsHost: string;
  /** The least of what is logged. */
  readonly logLevel: LogLevel;
  /** Whether lines of the log are for programs or for people. */
  readonly logFormat: LogFormat;
  /** From how long on an operation is logged as slow, in milliseconds; 0 logs none. */
  readonly slowOperationMs: number;
  /** Whether operations are traced, to where OTEL_* variables say. */
  readonly traces: boolean;
  /** Whether strangers may reach it: shows nothing but answers, and needs an identity. */
  readonly production: boolean;
  /** Whether the schema may be asked for. */
  readonly introspection: boolean;
  /** Whether errors suggest what may have been meant. */
  readonly suggestions: boolean;
  /** Whether there is GraphiQL … */
  readonly graphiql: boolean;
  /** … the board … */
  readonly board: boolean;
  /** … and the guides. */
  readonly guides: boolean;
}

/** A setting has a value that cannot work; the message is one line that says what to do. */
export class WrongSetting extends Error {
  readonly code = 'WRONG_SETTING';
}

/** A setting: how it is given and told of, its default, and how its text is read. */
interface Setting<Value> {
  /**
   * The flag, with a word for its value; its variable is named after the setting. Null for what is
   * given by a variable alone: everybody on a machine sees the command lines of all.
   */
  readonly flag: string | null;
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

/** Origins, separated by commas, just as browsers send them. */
const origins = (list: string) => {
  const given = list.split(',').map((origin) => origin.trim());
  const isOrigin = (each: string) => /^https?:/.test(each) && new URL(each).origin === each;
  return given.every((each) => URL.canParse(each) && isOrigin(each)) ? given : undefined;
};

/** Addresses, or blocks of them, separated by commas. */
const addresses = (list: string) => {
  const blocks = list.split(',').map((block) => block.trim());
  return blocks.every(isBlock) ? blocks : undefined;
};

function isBlock(block: string): boolean {
  const [address = '', bits, ...more] = block.split('/');
  // One with a zone (fe80::1%eth0) is an address on a link of this machine: no list can hold it.
  const longest = address.includes('%') ? -1 : ({ 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1);
  const isLength = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
  return longest > 0 && isLength && more.length === 0;
}

/** A file, or a URL that nobody on the way can have answer with keys of their own. */
const keySource = (source: string) => {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(source)) return text(source);
  if (!URL.canParse(source)) return undefined;
  const { protocol, hostname, username, password } = new URL(source);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isSafe && username === '' && password === '' ? source : undefined;
};

/** What every token says in its own sense (RFC 7519, section 4.1). */
const registeredClaims = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];
const claimName = (name: string) => (registeredClaims.includes(name) ? undefined : text(name));
const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (value: string) =>
    words.find((word) => word === value);
const yesOrNo = (value: string) =>
  ['true', 'false'].includes(value) ? value === 'true' : undefined;

/** What is shown unless it is said otherwise, by itself or for all by --production. */
const shownSetting = (name: string, what: string): Setting<boolean> => ({
  flag: `--${name} <true or false>`,
  description: `whether ${what}; not with --production, unless it is said so`,
  preset: true,
  expected: 'true or false',
  parse: yesOrNo,
});

/** A header's name as Node has it. */
const headerName = (name: string) =>
  /^[A-Za-z0-9-]+$/.test(name) ? name.toLowerCase() : undefined;

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
  allowedOrigins: {
    flag: '--allowed-origin <origin>',
    description:
      'page that may call from a browser, besides those of this machine; may be repeated',
    preset: [],
    expected: 'origins such as https://app.example, without a path',
    parse: origins,
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
  uploadMaxMb: {
    flag: '--upload-max-mb <mb>',
    description: 'largest file that is uploaded as it is, or as a part of a multipart request',
    preset: 16_384,
    expected: 'megabytes from 1 to 1048576',
    parse: wholeNumber(1, 1_048_576),
  },
  keptAnswersMaxMb: {
    flag: '--kept-answers-max-mb <mb>',
    description: 'memory for answers that are kept while they hold; 0 keeps none',
    preset: 128,
    expected: 'megabytes from 0 to 65536',
    parse: wholeNumber(0, 65_536),
  },
  idempotencyKeyDays: {
    flag: '--idempotency-key-days <days>',
    description: 'how long idempotency keys count at least; 0 for ever',
    preset: 30,
    expected: 'days from 0 to 36500',
    parse: wholeNumber(0, 36_500),
  },
  jwtSecret: {
    flag: null,
    description: 'secret that tokens are signed with (HS256)',
    preset: null,
    expected: 'a secret',
    parse: text,
  },
  jwtSecretFile: {
    flag: '--jwt-secret-file <file>',
    description: 'file with the secret that tokens are signed with (HS256)',
    preset: null,
    expected: 'a file with a secret',
    parse: text,
  },
  jwks: {
    flag: '--jwks <file or url>',
    description: 'public keys of an issuer of tokens (RS256, ES256, EdDSA)',
    preset: null,
    expected: 'a file or an https URL of a JWKS (http on this machine alone)',
    parse: keySource,
  },
  jwtIssuer: {
    flag: '--jwt-issuer <issuer>',
    description: 'who must have issued a token',
    preset: null,
    expected: 'an issuer',
    parse: text,
  },
  jwtAudience: {
    flag: '--jwt-audience <audience>',
    description: 'whom a token must be meant for',
    preset: null,
    expected: 'an audience',
    parse: text,
  },
  jwtRolesClaim: {
    flag: '--jwt-roles-claim <name>',
    description: 'claim of a token that lists roles',
    preset: 'roles',
    expected: 'the name of a claim of your own, such as roles',
    parse: claimName,
  },
  downloadUrlSeconds: {
    flag: '--download-url-seconds <seconds>',
    description: 'how long a signed URL of a download is good at least; twice as long at most',
    preset: 900,
    expected: 'seconds from 1 to 86400',
    parse: wholeNumber(1, 86_400),
  },
  viewerHeader: {
    flag: '--viewer-header <name>',
    description: 'header by which a proxy tells who asks',
    preset: null,
    expected: 'the name of a header, such as x-forwarded-user',
    parse: headerName,
  },
  trustedProxies: {
    flag: '--trusted-proxy <address>',
    description: 'address of a proxy that is believed, or a block of them; may be repeated',
    preset: [],
    expected: 'addresses or blocks of them, such as 127.0.0.1 or 10.0.0.0/8',
    parse: addresses,
  },
  clientAddressHeader: {
    flag: '--client-address-header <name>',
    description: 'header in which trusted proxies tell the addresses of clients',
    preset: 'x-forwarded-for',
    expected: `${clientAddressHeaders.join(' or ')}`,
    parse: (name: string) => clientAddressHeaders.find((each) => each === name.toLowerCase()),
  },
  insecure: {
    flag: '--insecure',
    description: 'listen on any address, though nobody is asked who they are',
    preset: false,
    expected: 'true or false',
    parse: yesOrNo,
  },
  costMax: {
    flag: '--cost-max <objects>',
    description: 'what one operation may cost, about as many objects',
    preset: 100_000,
    expected: 'a cost from 1 to 100000',
    parse: wholeNumber(1, 100_000),
  },
  costReport: {
    flag: '--cost-report',
    description: 'tell with every answer what it cost',
    preset: false,
    expected: 'true or false',
    parse: yesOrNo,
  },
  mutationsPerMinuteMax: {
    flag: '--mutations-per-minute-max <count>',
    description: 'mutations of one client in a minute with one worker; 0 sets no limit',
    preset: 0,
    expected: 'mutations from 0 to 1000000',
    parse: wholeNumber(0, 1_000_000),
  },
  costPerMinuteMax: {
    flag: '--cost-per-minute-max <objects>',
    description: 'what one client may cost one worker in a minute; 0 sets no limit',
    preset: 0,
    expected: 'a cost from 0 to 1000000000',
    parse: wholeNumber(0, 1_000_000_000),
  },
  trustedDocuments: {
    flag: '--trusted-documents <file>',
    description: 'documents by ids that clients may send in their place, as JSON',
    preset: null,
    expected: 'a file of documents',
    parse: text,
  },
  trustedDocumentsOnly: {
    flag: '--trusted-documents-only',
    description: 'answer no other document',
    preset: false,
    expected: 'true or false',
    parse: yesOrNo,
  },
  readyLagMaxMs: {
    flag: '--ready-lag-max-ms <ms>',
    description: 'how long reads may wait for the replica before /health/ready says so',
    preset: 1_000,
    expected: 'milliseconds from 1 to 60000',
    parse: wholeNumber(1, 60_000),
  },
  metricsPort: {
    flag: '--metrics-port <port>',
    description: 'port on which Prometheus finds /metrics, 0 for a free one; none without it',
    preset: null,
    expected: 'a port from 0 to 65535',
    parse: wholeNumber(0, 65_535),
  },
  metricsHost: {
    flag: '--metrics-host <address>',
    description: 'address of that port',
    preset: '127.0.0.1',
    expected: 'an address to listen on',
    parse: text,
  },
  logLevel: {
    flag: '--log-level <level>',
    description: `the least of what is logged: ${logLevels.join(', ')}`,
    preset: 'info',
    expected: `one of ${logLevels.join(', ')}`,
    parse: oneOf(logLevels),
  },
  logFormat: {
    flag: '--log-format <format>',
    description: 'lines of the log for programs (json) or for people (text)',
    preset: 'json',
    expected: 'json or text',
    parse: oneOf(logFormats),
  },
  slowOperationMs: {
    flag: '--slow-operation-ms <ms>',
    description: 'log operations that take as long; 0 logs none',
    preset: 1_000,
    expected: 'milliseconds from 0 to 600000',
    parse: wholeNumber(0, 600_000),
  },
  traces: {
    flag: '--traces',
    description: 'trace operations with OpenTelemetry, to where OTEL_* variables say',
    preset: false,
    expected: 'true or false',
    parse: yesOrNo,
  },
  production: {
    flag: '--production',
    description: 'for strangers: shows nothing but answers, and asks who they are',
    preset: false,
    expected: 'true or false',
    parse: yesOrNo,
  },
  introspection: shownSetting('introspection', 'the schema may be asked for'),
  suggestions: shownSetting('suggestions', 'errors say what may have been meant'),
  graphiql: shownSetting('graphiql', 'GraphiQL is at /graphql'),
  board: shownSetting('board', 'the board is at /board'),
  guides: shownSetting('guides', 'the guides are at /docs'),
};

const settingNames = Object.keys(settings) as (keyof Config)[];

/** Each of them is a way in which it is known who asks. */
const identitySettings = ['jwtSecret', 'jwtSecretFile', 'jwks', 'viewerHeader'] as const;
const tokenSettings = 'EVERSTATE_JWT_SECRET, --jwt-secret-file or --jwks';

interface SettingFlag {
  readonly name: keyof Config;
  readonly flag: string;
  readonly description: string;
  /** Whether it may be given several times: the values are then joined by commas. */
  readonly isList: boolean;
}

/** The settings as a command line offers them. */
export function settingFlags(): SettingFlag[] {
  return settingNames.flatMap((name) => {
    const { flag, description, preset } = settings[name];
    if (flag === null) return [];
    const isNone = !preset || (Array.isArray(preset) && preset.length === 0);
    const otherwise = isNone ? '' : `, default ${preset}`;
    const told = `${description} (${variableOf(name)}${otherwise})`;
    return { name, flag, description: told, isList: Array.isArray(preset) };
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
        : [flag?.split(' ')[0], flags[name]];
    if (given === undefined) return preset;
    const value = parse(given);
    if (value !== undefined) return value;
    throw new WrongSetting(`${source} must be ${expected}, but was ${JSON.stringify(given)}.`);
  };
  const isGiven = (name: keyof Config) =>
    flags[name] !== undefined || environment[variableOf(name)] !== undefined;
  const isShown = (name: 'introspection' | 'suggestions' | 'graphiql' | 'board' | 'guides') =>
    isGiven(name) ? read(name) : !read('production');
  refuseUnknownVariables(environment);
  const config = {
    host: read('host'),
    port: read('port'),
    data: read('data'),
    entities: read('entities'),
    workers: read('workers'),
    allowedHosts: read('allowedHosts'),
    allowedOrigins: read('allowedOrigins'),
    replicaMemoryMaxMb: read('replicaMemoryMaxMb'),
    connectionsPerClientMax: read('connectionsPerClientMax'),
    bodyMaxMb: read('bodyMaxMb'),
    uploadMaxMb: read('uploadMaxMb'),
    keptAnswersMaxMb: read('keptAnswersMaxMb'),
    idempotencyKeyDays: read('idempotencyKeyDays'),
    jwtSecret: read('jwtSecret'),
    jwtSecretFile: read('jwtSecretFile'),
    jwks: read('jwks'),
    jwtIssuer: read('jwtIssuer'),
    jwtAudience: read('jwtAudience'),
    jwtRolesClaim: read('jwtRolesClaim'),
    downloadUrlSeconds: read('downloadUrlSeconds'),
    viewerHeader: read('viewerHeader'),
    trustedProxies: read('trustedProxies'),
    clientAddressHeader: read('clientAddressHeader'),
    insecure: read('insecure'),
    costMax: read('costMax'),
    costReport: read('costReport'),
    mutationsPerMinuteMax: read('mutationsPerMinuteMax'),
    costPerMinuteMax: read('costPerMinuteMax'),
    trustedDocuments: read('trustedDocuments'),
    trustedDocumentsOnly: read('trustedDocumentsOnly'),
    readyLagMaxMs: read('readyLagMaxMs'),
    metricsPort: read('metricsPort'),
    metricsHost: read('metricsHost'),
    logLevel: read('logLevel'),
    logFormat: read('logFormat'),
    slowOperationMs: read('slowOperationMs'),
    traces: read('traces'),
    production: read('production'),
    introspection: isShown('introspection'),
    suggestions: isShown('suggestions'),
    graphiql: isShown('graphiql'),
    board: isShown('board'),
    guides: isShown('guides'),
  };
  refuseSmallShares(config);
  refuseContradictions(config);
  refuseNoDocuments(config);
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

/** Without any that are trusted, nothing would be answered. */
function refuseNoDocuments({ trustedDocuments, trustedDocumentsOnly }: Config): void {
  if (!trustedDocumentsOnly || trustedDocuments !== null) return;
  throw new WrongSetting('--trusted-documents-only needs --trusted-documents as well.');
}

/** There is one way in which it is known who asks, whole, or none. */
function refuseContradictions(config: Config): void {
  const ways = identitySettings.filter((name) => config[name] !== null);
  if (ways.length > 1) {
    const given = ways.map(shownName).join(' and ');
    throw new WrongSetting(`Only one may say who asks, but there were ${given}.`);
  }
  const [way] = ways;
  if (way === 'jwks') refuseMissing(config, way, ['jwtIssuer', 'jwtAudience']);
  if (way === 'viewerHeader') refuseMissing(config, way, ['trustedProxies']);
  if (way !== undefined && way !== 'viewerHeader') return;
  // Nobody would notice that no token is asked for.
  const idle = (['jwtIssuer', 'jwtAudience'] as const).find((name) => config[name] !== null);
  if (idle === undefined) return;
  throw new WrongSetting(`${shownName(idle)} is about tokens: ${tokenSettings} is needed as well.`);
}

function refuseMissing(config: Config, way: keyof Config, names: readonly (keyof Config)[]): void {
  const missing = names.find((name) => String(config[name] ?? '') === '');
  if (missing === undefined) return;
  throw new WrongSetting(`${shownName(way)} needs ${shownName(missing)} as well.`);
}

/**
 * For what listens: an address that others reach is not left open to all of them by mistake.
 * @throws WrongSetting that says what to do.
 */
export function refuseOpenDoor(config: Config): void {
  const isKnownWhoAsks = identitySettings.some((name) => config[name] !== null);
  if (isKnownWhoAsks || config.insecure) return;
  if (config.production) {
    throw new WrongSetting(
      `--production needs to know who asks. Set ${tokenSettings}, say --viewer-header, or say ` +
        '--insecure as well.',
    );
  }
  if (isLoopback(config.host)) return;
  throw new WrongSetting(
    `Nobody is asked who they are, so on ${config.host} anybody could read and write everything. ` +
      `Set ${tokenSettings}, say --viewer-header, or listen so with --insecure.`,
  );
}

/** As it is given: its flag, or its variable where it has none. */
function shownName(name: keyof Config): string {
  return settings[name].flag?.split(' ')[0] ?? variableOf(name);
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
