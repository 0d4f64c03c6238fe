/** Settings: what is taken, and what is refused with a line that says what was expected. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfig, settingFlags, WrongSetting } from '../src/config.ts';

const flags = {
  host: ['--host', 'EVERSTATE_HOST'],
  port: ['--port', 'EVERSTATE_PORT'],
  data: ['--data', 'EVERSTATE_DATA'],
  entities: ['--entities', 'EVERSTATE_ENTITIES'],
  workers: ['--workers', 'EVERSTATE_WORKERS'],
  allowedHosts: ['--allowed-host', 'EVERSTATE_ALLOWED_HOSTS'],
  replicaMemoryMaxMb: ['--replica-memory-max-mb', 'EVERSTATE_REPLICA_MEMORY_MAX_MB'],
  connectionsPerClientMax: ['--connections-per-client-max', 'EVERSTATE_CONNECTIONS_PER_CLIENT_MAX'],
  bodyMaxMb: ['--body-max-mb', 'EVERSTATE_BODY_MAX_MB'],
  keptAnswersMaxMb: ['--kept-answers-max-mb', 'EVERSTATE_KEPT_ANSWERS_MAX_MB'],
} as const;

test('without any setting one person is served on loopback', () => {
  expect(readConfig({}, { PATH: '/bin', EVERSTAT: 'no prefix of ours' })).toEqual({
    host: '127.0.0.1',
    port: 4_000,
    data: './data',
    entities: null,
    workers: 1,
    allowedHosts: [],
    replicaMemoryMaxMb: 1_024,
    connectionsPerClientMax: 1_000,
    bodyMaxMb: 8,
    keptAnswersMaxMb: 128,
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
  ['replicaMemoryMaxMb', ['', '127', '1048577', '1e3', 'much']],
  ['connectionsPerClientMax', ['', '0', '1000001', '-1', 'all']],
  ['bodyMaxMb', ['', '0', '129', '1.5', '8MB']],
  ['keptAnswersMaxMb', ['', '-1', '65537', '1.5', 'none']],
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
      'EVERSTATE_ENTITIES, EVERSTATE_WORKERS, EVERSTATE_ALLOWED_HOSTS, EVERSTATE_REPLICA_MEMORY_MAX_MB, EVERSTATE_CONNECTIONS_PER_CLIENT_MAX, ' +
      'EVERSTATE_BODY_MAX_MB, EVERSTATE_KEPT_ANSWERS_MAX_MB.',
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

test('the README lists each setting with its flag, its variable and its default', () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const { name, flag, description } of settingFlags()) {
    const [, variable, preset = ''] =
      /\((EVERSTATE_\w+)(?:, default (.+))?\)$/.exec(description) ?? [];
    expect([flags[name][0], flags[name][1]]).toEqual([flag.split(' ')[0], variable]);
    const cell = preset === '' ? '' : ` \`${preset}\``;
    expect(readme).toContain(`| \`${flag.split(' ')[0]}\` | \`${variable}\` |${cell} |`);
  }
});
