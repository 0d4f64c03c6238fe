/** Settings: what is taken, and what is refused with a line that says what was expected. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readConfig, refuseOpenDoor, settingFlags, WrongSetting } from '../src/config.ts';

const flags = {
  host: ['--host', 'EVERSTATE_HOST'],
  port: ['--port', 'EVERSTATE_PORT'],
  data: ['--data', 'EVERSTATE_DATA'],
  entities: ['--entities', 'EVERSTATE_ENTITIES'],
  workers: ['--workers', 'EVERSTATE_WORKERS'],
  allowedHosts: ['--allowed-host', 'EVERSTATE_ALLOWED_HOSTS'],
  allowedOrigins: ['--allowed-origin', 'EVERSTATE_ALLOWED_ORIGINS'],
  replicaMemoryMaxMb: ['--replica-memory-max-mb', 'EVERSTATE_REPLICA_MEMORY_MAX_MB'],
  connectionsPerClientMax: ['--connections-per-client-max', 'EVERSTATE_CONNECTIONS_PER_CLIENT_MAX'],
  bodyMaxMb: ['--body-max-mb', 'EVERSTATE_BODY_MAX_MB'],
  uploadMaxMb: ['--upload-max-mb', 'EVERSTATE_UPLOAD_MAX_MB'],
  keptAnswersMaxMb: ['--kept-answers-max-mb', 'EVERSTATE_KEPT_ANSWERS_MAX_MB'],
  idempotencyKeyDays: ['--idempotency-key-days', 'EVERSTATE_IDEMPOTENCY_KEY_DAYS'],
  jwtSecretFile: ['--jwt-secret-file', 'EVERSTATE_JWT_SECRET_FILE'],
  jwks: ['--jwks', 'EVERSTATE_JWKS'],
  jwtIssuer: ['--jwt-issuer', 'EVERSTATE_JWT_ISSUER'],
  jwtAudience: ['--jwt-audience', 'EVERSTATE_JWT_AUDIENCE'],
  jwtRolesClaim: ['--jwt-roles-claim', 'EVERSTATE_JWT_ROLES_CLAIM'],
  downloadUrlSeconds: ['--download-url-seconds', 'EVERSTATE_DOWNLOAD_URL_SECONDS'],
  viewerHeader: ['--viewer-header', 'EVERSTATE_VIEWER_HEADER'],
  trustedProxies: ['--trusted-proxy', 'EVERSTATE_TRUSTED_PROXIES'],
  insecure: ['--insecure', 'EVERSTATE_INSECURE'],
  clientAddressHeader: ['--client-address-header', 'EVERSTATE_CLIENT_ADDRESS_HEADER'],
  costMax: ['--cost-max', 'EVERSTATE_COST_MAX'],
  costReport: ['--cost-report', 'EVERSTATE_COST_REPORT'],
  mutationsPerMinuteMax: ['--mutations-per-minute-max', 'EVERSTATE_MUTATIONS_PER_MINUTE_MAX'],
  costPerMinuteMax: ['--cost-per-minute-max', 'EVERSTATE_COST_PER_MINUTE_MAX'],
  trustedDocuments: ['--trusted-documents', 'EVERSTATE_TRUSTED_DOCUMENTS'],
  trustedDocumentsOnly: ['--trusted-documents-only', 'EVERSTATE_TRUSTED_DOCUMENTS_ONLY'],
  readyLagMaxMs: ['--ready-lag-max-ms', 'EVERSTATE_READY_LAG_MAX_MS'],
  metricsPort: ['--metrics-port', 'EVERSTATE_METRICS_PORT'],
  metricsHost: ['--metrics-host', 'EVERSTATE_METRICS_HOST'],
  logLevel: ['--log-level', 'EVERSTATE_LOG_LEVEL'],
  logFormat: ['--log-format', 'EVERSTATE_LOG_FORMAT'],
  slowOperationMs: ['--slow-operation-ms', 'EVERSTATE_SLOW_OPERATION_MS'],
  traces: ['--traces', 'EVERSTATE_TRACES'],
  production: ['--production', 'EVERSTATE_PRODUCTION'],
  introspection: ['--introspection', 'EVERSTATE_INTROSPECTION'],
  suggestions: ['--suggestions', 'EVERSTATE_SUGGESTIONS'],
  graphiql: ['--graphiql', 'EVERSTATE_GRAPHIQL'],
  board: ['--board', 'EVERSTATE_BOARD'],
  guides: ['--guides', 'EVERSTATE_GUIDES'],
} as const;

/** Everybody on a machine sees the command lines of all. */
const variableOnly = { jwtSecret: 'EVERSTATE_JWT_SECRET' } as const;

test('without any setting one person is served on loopback', () => {
  expect(readConfig({}, { PATH: '/bin', EVERSTAT: 'no prefix of ours' })).toEqual({
    host: '127.0.0.1',
    port: 4_000,
    data: './data',
    entities: null,
    workers: 1,
    allowedHosts: [],
    allowedOrigins: [],
    replicaMemoryMaxMb: 1_024,
    connectionsPerClientMax: 1_000,
    bodyMaxMb: 8,
    uploadMaxMb: 16_384,
    idempotencyKeyDays: 30,
    keptAnswersMaxMb: 128,
    jwtSecret: null,
    jwtSecretFile: null,
    jwks: null,
    jwtIssuer: null,
    jwtAudience: null,
    jwtRolesClaim: 'roles',
    downloadUrlSeconds: 900,
    viewerHeader: null,
    trustedProxies: [],
    insecure: false,
    clientAddressHeader: 'x-forwarded-for',
    costMax: 100_000,
    costReport: false,
    mutationsPerMinuteMax: 0,
    costPerMinuteMax: 0,
    trustedDocuments: null,
    trustedDocumentsOnly: false,
    readyLagMaxMs: 1_000,
    metricsPort: null,
    metricsHost: '127.0.0.1',
    logLevel: 'info',
    logFormat: 'json',
    slowOperationMs: 1_000,
    traces: false,
    production: false,
    introspection: true,
    suggestions: true,
    graphiql: true,
    board: true,
    guides: true,
  });
});

test('a flag wins over its variable, and the configuration is frozen', () => {
  const config = readConfig({ port: '1' }, { EVERSTATE_PORT: '2', EVERSTATE_HOST: '::1' });
  expect(config).toMatchObject({ port: 1, host: '::1' });
  expect(Object.isFrozen(config)).toBe(true);
});

test.each([
  ['port', ['', 'x', '-1', '65536', '1.5', '0x10', ' 80', '8e1', '١']],
  ['host', ['']],
  ['data', ['']],
  ['entities', ['']],
  ['workers', ['', '0', '17', '1.5', 'auto']],
  ['allowedHosts', ['', 'a:80', 'a b', 'http://a', 'a,,b', 'a,', '::1', 'a/b']],
  [
    'allowedOrigins',
    [
      '',
      'any',
      'null',
      'app.example',
      'https://app.example/',
      'https://app.example/x',
      'ftp://a.example',
      'https://a.example,',
    ],
  ],
  ['replicaMemoryMaxMb', ['', '127', '1048577', '1e3', 'much']],
  ['connectionsPerClientMax', ['', '0', '1000001', '-1', 'all']],
  ['bodyMaxMb', ['', '0', '129', '1.5', '8MB']],
  ['uploadMaxMb', ['', '0', '1048577', '1.5', '8GB']],
  ['idempotencyKeyDays', ['', '-1', '36501', '1.5', 'never']],
  ['keptAnswersMaxMb', ['', '-1', '65537', '1.5', 'none']],
  ['jwtSecretFile', ['']],
  [
    'jwks',
    [
      '',
      'http://issuer.example/keys',
      'http://127.0.0.1.example/keys',
      'HTTP://issuer.example/keys',
      'https://',
      'https://me:secret@issuer.example/keys',
      'ftp://issuer.example/keys',
      'file:///keys.json',
      'data:application/json,{}',
    ],
  ],
  ['jwtIssuer', ['']],
  ['jwtAudience', ['']],
  ['jwtRolesClaim', ['', 'sub', 'aud', 'exp']],
  ['downloadUrlSeconds', ['', '0', '86401', '1.5', '15m']],
  ['viewerHeader', ['', 'x forwarded', 'x:y', 'x-forwarded-user,y', 'ü']],
  [
    'trustedProxies',
    ['', 'proxy', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::1/129'],
  ],
  ['trustedProxies', ['127.0.0.1,', '127.0.0.1;::1', 'fe80::1%eth0', '127.0.0.1:80']],
  ['insecure', ['', 'yes', '1', 'TRUE', 'constructor']],
  ['clientAddressHeader', ['', 'x-real-ip', 'x-forwarded-for,forwarded']],
  ['costMax', ['', '0', '100001', 'much']],
  ['costReport', ['', 'yes']],
  ['mutationsPerMinuteMax', ['', '-1', '1000001', '1.5']],
  ['costPerMinuteMax', ['', '-1', '1000000001', '1.5']],
  ['trustedDocuments', ['']],
  ['trustedDocumentsOnly', ['', 'yes']],
  ['readyLagMaxMs', ['', '0', '60001', '1s']],
  ['metricsPort', ['', 'x', '-1', '65536', 'true']],
  ['metricsHost', ['']],
  ['logLevel', ['', 'all', 'INFO', '30']],
  ['logFormat', ['', 'pretty', 'JSON']],
  ['slowOperationMs', ['', '-1', '600001', '1s']],
  ['traces', ['', 'yes', 'otlp']],
  ['production', ['', 'yes', '1', 'TRUE', 'constructor']],
  ['introspection', ['', 'on', '0']],
  ['suggestions', ['', 'off', 'no']],
  ['graphiql', ['', 'off']],
  ['board', ['', 'off']],
  ['guides', ['', 'off']],
] as const)('a %s that cannot work is refused by flag and by variable', (name, values) => {
  const [flag, variable] = flags[name];
  for (const value of values) {
    const got = `but was ${JSON.stringify(value)}.`;
    const byFlag = () => readConfig({ [name]: value }, {});
    expect(byFlag).toThrow(WrongSetting);
    expect(byFlag).toThrow(new RegExp(`^${flag} must be .*, ${got}$`));
    const byVariable = () => readConfig({}, { [variable]: value });
    expect(byVariable).toThrow(new RegExp(`^${variable} must be .*, ${got}$`));
  }
});

test('a variable that is misspelt is refused, and the known ones are named', () => {
  expect(() => readConfig({}, { EVERSTATE_PROT: '1' })).toThrow(
    'EVERSTATE_PROT is not a setting; there are EVERSTATE_HOST, EVERSTATE_PORT, EVERSTATE_DATA, ' +
      'EVERSTATE_ENTITIES, EVERSTATE_WORKERS, EVERSTATE_ALLOWED_HOSTS, EVERSTATE_ALLOWED_ORIGINS, EVERSTATE_REPLICA_MEMORY_MAX_MB, EVERSTATE_CONNECTIONS_PER_CLIENT_MAX, ' +
      'EVERSTATE_BODY_MAX_MB, EVERSTATE_UPLOAD_MAX_MB, EVERSTATE_KEPT_ANSWERS_MAX_MB, EVERSTATE_IDEMPOTENCY_KEY_DAYS, EVERSTATE_JWT_SECRET, ' +
      'EVERSTATE_JWT_SECRET_FILE, EVERSTATE_JWKS, EVERSTATE_JWT_ISSUER, EVERSTATE_JWT_AUDIENCE, ' +
      'EVERSTATE_JWT_ROLES_CLAIM, EVERSTATE_DOWNLOAD_URL_SECONDS, EVERSTATE_VIEWER_HEADER, EVERSTATE_TRUSTED_PROXIES, EVERSTATE_CLIENT_ADDRESS_HEADER, ' +
      'EVERSTATE_INSECURE, EVERSTATE_COST_MAX, EVERSTATE_COST_REPORT, EVERSTATE_MUTATIONS_PER_MINUTE_MAX, EVERSTATE_COST_PER_MINUTE_MAX, EVERSTATE_TRUSTED_DOCUMENTS, EVERSTATE_TRUSTED_DOCUMENTS_ONLY, EVERSTATE_READY_LAG_MAX_MS, EVERSTATE_METRICS_PORT, EVERSTATE_METRICS_HOST, EVERSTATE_LOG_LEVEL, EVERSTATE_LOG_FORMAT, EVERSTATE_SLOW_OPERATION_MS, EVERSTATE_TRACES, EVERSTATE_PRODUCTION, EVERSTATE_INTROSPECTION, ' +
      'EVERSTATE_SUGGESTIONS, EVERSTATE_GRAPHIQL, EVERSTATE_BOARD, EVERSTATE_GUIDES.',
  );
});

test('workers share the memory for DuckDB: no share may be too small', () => {
  expect(readConfig({ workers: '16', replicaMemoryMaxMb: '2048' }, {}).workers).toBe(16);
  expect(() => readConfig({ workers: '16', replicaMemoryMaxMb: '2047' }, {})).toThrow(
    '--replica-memory-max-mb must be at least 2048 for 16 workers, 128 for each, but was 2047.',
  );
});

test('names of hosts are taken one by one, as URLs have them', () => {
  const { allowedHosts } = readConfig({ allowedHosts: 'Everstate.test, [::1],192.168.1.5' }, {});
  expect(allowedHosts).toEqual(['everstate.test', '[::1]', '192.168.1.5']);
  expect(() => readConfig({ allowedHosts: '*' }, {})).toThrow(WrongSetting);
});

describe('who asks', () => {
  const jwks = { jwks: 'keys.json', jwtIssuer: 'me', jwtAudience: 'you' };

  test('keys are in a file, or where nobody on the way can change them', () => {
    const sources = [
      'keys.json',
      './keys:1.json',
      '/etc/keys.json',
      'https://issuer.example/keys',
      'HTTPS://issuer.example/keys',
      'http://127.0.0.1:8080/keys',
      'http://localhost/keys',
      'http://[::1]/keys',
    ];
    for (const source of sources) {
      expect(readConfig({ ...jwks, jwks: source }, {}).jwks).toBe(source);
    }
  });

  test('a header has the name that Node gives it, and proxies are addresses or blocks', () => {
    const trusted = '127.0.0.1, 10.0.0.0/8,::1,fd00::/8';
    const config = readConfig({ viewerHeader: 'X-Forwarded-User', trustedProxies: trusted }, {});
    expect(config.viewerHeader).toBe('x-forwarded-user');
    expect(config.trustedProxies).toEqual(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']);
  });

  test('a secret is taken from its variable alone, and is never shown', () => {
    const secret = 'nobody but me and the server knows';
    expect(readConfig({}, { EVERSTATE_JWT_SECRET: secret }).jwtSecret).toBe(secret);
    expect(settingFlags().map(({ name }) => name)).not.toContain('jwtSecret');
    expect(() => readConfig({}, { EVERSTATE_JWT_SECRET: '' })).toThrow(
      'EVERSTATE_JWT_SECRET must be a secret, but was "".',
    );
    const file = { EVERSTATE_JWT_SECRET: secret, EVERSTATE_JWT_SECRET_FILE: 'secret' };
    expect(() => readConfig({}, file)).toThrow(
      /^Only one may say who asks, but there were EVERSTATE_JWT_SECRET and --jwt-secret-file\.$/,
    );
  });

  test('there is one way to know, or none', () => {
    const header = { viewerHeader: 'x-forwarded-user', trustedProxies: '127.0.0.1' };
    expect(() => readConfig({ ...jwks, ...header }, {})).toThrow(
      'Only one may say who asks, but there were --jwks and --viewer-header.',
    );
    expect(() => readConfig({ ...jwks, jwtSecretFile: 'secret' }, {})).toThrow(
      'Only one may say who asks, but there were --jwt-secret-file and --jwks.',
    );
  });

  test('a way that lacks what it needs is refused', () => {
    const { jwtIssuer: _, ...noIssuer } = jwks;
    expect(() => readConfig(noIssuer, {})).toThrow('--jwks needs --jwt-issuer as well.');
    const { jwtAudience: __, ...noAudience } = jwks;
    expect(() => readConfig(noAudience, {})).toThrow('--jwks needs --jwt-audience as well.');
    expect(() => readConfig({ viewerHeader: 'x-user' }, {})).toThrow(
      '--viewer-header needs --trusted-proxy as well.',
    );
    expect(() => readConfig({}, { EVERSTATE_JWT_ISSUER: 'me' })).toThrow(
      '--jwt-issuer is about tokens: EVERSTATE_JWT_SECRET, --jwt-secret-file or --jwks is needed as well.',
    );
    const header = { viewerHeader: 'x-user', trustedProxies: '127.0.0.1', jwtAudience: 'you' };
    expect(() => readConfig(header, {})).toThrow(/^--jwt-audience is about tokens/);
  });

  test('nobody is let in from elsewhere unasked, unless that is said', () => {
    const open = (host: string, more = {}) => refuseOpenDoor(readConfig({ host, ...more }, {}));
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '0:0:0:0:0:0:0:1']) {
      expect(() => open(host), host).not.toThrow();
    }
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'everstate.example', '127.example']) {
      expect(() => open(host), host).toThrow(WrongSetting);
      expect(() => open(host, { insecure: 'true' }), host).not.toThrow();
      expect(() => open(host, { insecure: 'false' }), host).toThrow(WrongSetting);
      expect(() => open(host, jwks), host).not.toThrow();
    }
    expect(() => open('0.0.0.0')).toThrow(
      'Nobody is asked who they are, so on 0.0.0.0 anybody could read and write everything. Set ' +
        'EVERSTATE_JWT_SECRET, --jwt-secret-file or --jwks, say --viewer-header, or listen so with --insecure.',
    );
  });
});

test('the README lists each setting with its flag, its variable and its default', () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const variable of Object.values(variableOnly)) {
    expect(readme).toContain(`| | \`${variable}\` | |`);
  }
  for (const { name, flag, description } of settingFlags()) {
    if (name in variableOnly) throw new Error(`${name} has no flag.`);
    const [, variable, preset = ''] =
      /\((EVERSTATE_\w+)(?:, default (.+))?\)$/.exec(description) ?? [];
    expect(flags[name as keyof typeof flags]).toEqual([flag.split(' ')[0], variable]);
    const cell = preset === '' ? '' : ` \`${preset}\``;
    expect(readme).toContain(`| \`${flag.split(' ')[0]}\` | \`${variable}\` |${cell} |`);
  }
});
