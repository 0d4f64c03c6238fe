/** The command line of who asks: `everstate token`, and a server that takes what it prints. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { readConfig, WrongSetting } from '../src/config.ts';
import { identityOf } from '../src/identity.ts';
import { makeToken } from '../src/make-token.ts';
import { type Ended, everstate, ready, type TestProcess } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { bearer, post, seconds, secret } from './support/viewers.ts';

type Environment = Readonly<Record<string, string>>;

interface Given {
  readonly id?: string;
  readonly roles?: readonly string[];
  readonly expires?: string;
  readonly flags?: Parameters<typeof readConfig>[0];
}

const bySecret = { EVERSTATE_JWT_SECRET: secret };
const viewer = '{ viewer { id roles } }';

function run(args: readonly string[], env: Environment = bySecret): TestProcess {
  return everstate(args, env);
}

async function serve(args: readonly string[], env: Environment = bySecret): Promise<string> {
  const data = join(temporaryDirectory(), 'data');
  const { url } = await ready(run(['serve', '--port', '0', '--data', data, ...args], env));
  return url.replace('/graphql', '');
}

/** What a command prints that works: one line. */
async function printed(args: readonly string[], env?: Environment): Promise<string> {
  const { code, stdout, stderr } = await run(args, env).end();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^[^\n]+\n$/);
  return stdout.trim();
}

/** What a command says that cannot work: one line, and nothing on standard output. */
function complaint({ code, stdout, stderr }: Ended): string {
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^everstate: [^\n]+\n$/);
  return stderr.replace(/^everstate: |\n$/g, '');
}

const ada = ['token', '--sub', 'ada', '--role', 'admin', '--role', 'ops', '--expires', '8h'];

describe('everstate token', { timeout: 60_000 }, () => {
  test('prints a token that a server with the same secret takes, and no other does', async () => {
    const [token, url, other] = await Promise.all([
      printed(ada),
      serve([]),
      serve([], { EVERSTATE_JWT_SECRET: `another, ${secret}` }),
    ]);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { exp = 0, iat = 0, ...claims } = decodeJwt(token);
    expect(claims).toEqual({ sub: 'ada', roles: ['admin', 'ops'] });
    expect(exp - iat).toBe(8 * 60 * 60);
    expect(Math.abs(iat - seconds(0))).toBeLessThan(30);
    const answer = await post({ url }, viewer, bearer(token));
    expect(answer.data).toEqual({ viewer: { id: 'ada', roles: ['admin', 'ops'] } });
    expect((await post({ url }, viewer)).status).toBe(401);
    expect((await post({ url: other }, viewer, bearer(token))).status).toBe(401);
  });

  test('says in it what the settings ask of one', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'secret');
    writeFileSync(file, `${secret}\n`);
    const flags = ['--jwt-secret-file', file, '--jwt-issuer', 'me', '--jwt-audience', 'you'];
    const named = [...flags, '--jwt-roles-claim', 'groups'];
    const token = await printed(['token', '--sub', 'Zoë', '--role', 'a', 'b', ...named], {});
    expect(decodeJwt(token)).toMatchObject({
      sub: 'Zoë',
      groups: ['a', 'b'],
      iss: 'me',
      aud: 'you',
    });
    const url = await serve(named, {});
    expect((await post({ url }, viewer, bearer(token))).data.viewer).toEqual({
      id: 'Zoë',
      roles: ['a', 'b'],
    });
    const without = await printed(['token', '--sub', 'ada']);
    expect((await post({ url }, viewer, bearer(without))).message).toContain('claim iss');
  });

  test.each([
    [['token'], "required option '--sub <id>' not specified"],
    [['token', '--sub', 'ada', '--jwt-secret', 'x'], "unknown option '--jwt-secret'"],
    [['token', '--sub', 'ada', 'bob'], 'too many arguments'],
    [['token', '--sub', 'ada', '--expires', 'soon'], '--expires must be a number and a unit'],
  ])('%j is refused in one line', async (args, expected) => {
    expect(complaint(await run(args).end())).toContain(expected);
  });
});

describe('a token that cannot be made', () => {
  const refusal = async (given: Given, env: Environment = bySecret) => {
    const { id = 'ada', roles = [], expires = '8h', flags = {} } = given;
    const made = makeToken({ id, roles }, expires, readConfig(flags, env));
    await expect(made).rejects.toThrow(WrongSetting);
    return await made.catch((error: Error) => error.message);
  };

  test('is for nobody, or somebody without a name', async () => {
    for (const id of ['', 'x'.repeat(257), 'a\0', '\ud800']) {
      expect(await refusal({ id })).toBe('--sub must be 1 to 256 well-formed characters.');
    }
    expect(await refusal({ roles: ['ops', ''] })).toBe('--role must not be empty.');
  });

  test('is too long for a server to look at', async () => {
    const roles = Array.from({ length: 600 }, (_, index) => `role ${index}`);
    expect(await refusal({ roles })).toBe(
      'A token may be at most 8192 characters long: give fewer roles with --role.',
    );
  });

  test.each(['', '0h', '8', 'h', '-8h', '1.5h', '8 h', '8H', '08h', '1000000d', '8h30m'])(
    'is valid for no time that is one: %j',
    async (expires) => {
      expect(await refusal({ expires })).toBe(
        '--expires must be a number and a unit, such as 30m, 8h or 7d, ' +
          `but was ${JSON.stringify(expires)}.`,
      );
    },
  );

  test('has no secret', async () => {
    const none =
      'A token is signed with a secret: set EVERSTATE_JWT_SECRET, or say --jwt-secret-file.';
    expect(await refusal({}, {})).toBe(none);
    const jwks = { jwks: 'keys.json', jwtIssuer: 'me', jwtAudience: 'you' };
    expect(await refusal({ flags: jwks }, {})).toBe(none);
    expect(await refusal({}, { EVERSTATE_JWT_SECRET: 'short' })).toBe(
      'EVERSTATE_JWT_SECRET must have at least 32 bytes, but has 5.',
    );
  });

  test('is over when it says', async () => {
    for (const [expires, length] of [
      ['90s', 90],
      ['30m', 1_800],
      ['8h', 28_800],
      ['7d', 604_800],
    ] as const) {
      const token = await makeToken({ id: 'ada', roles: [] }, expires, readConfig({}, bySecret));
      const { exp = 0, iat = 0 } = decodeJwt(token);
      expect(exp - iat).toBe(length);
    }
  });
});

test('a secret that is none is refused in one line, wherever it is from', async () => {
  const directory = temporaryDirectory();
  const named = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const nowhere = join(directory, 'nowhere');
  const wrong: [string, string][] = [
    [nowhere, `--jwt-secret-file ${nowhere} cannot be read (ENOENT).`],
    [directory, `--jwt-secret-file ${directory} cannot be read (EISDIR).`],
    [named('empty', ''), '--jwt-secret-file must have at least 32 bytes, but has 0.'],
    [named('blank', ' \n'.repeat(40)), '--jwt-secret-file must have at least 32 bytes, but has 0.'],
    [
      named('short', `${secret.slice(0, 31)}\n`),
      '--jwt-secret-file must have at least 32 bytes, but has 31.',
    ],
    [named('pem', `\n-----BEGIN PUBLIC KEY-----\n${secret}`), pemMessage('--jwt-secret-file')],
  ];
  const log = { error: () => {} };
  for (const [jwtSecretFile, expected] of wrong) {
    const identity = identityOf(readConfig({ jwtSecretFile }, {}), log);
    await expect(identity).rejects.toThrow(new WrongSetting(expected));
  }
  const pem = { EVERSTATE_JWT_SECRET: `-----BEGIN PUBLIC KEY-----${secret}` };
  const byVariable = identityOf(readConfig({}, pem), log);
  await expect(byVariable).rejects.toThrow(new WrongSetting(pemMessage('EVERSTATE_JWT_SECRET')));
});

const pemMessage = (name: string) =>
  `${name} must be a secret of your own, but looks like a key; for keys see --jwks.`;

describe('everstate serve', { timeout: 60_000 }, () => {
  const start = ['serve', '--port', '0'];

  test('refuses a secret that is none before it makes a data directory', async () => {
    const data = join(temporaryDirectory(), 'data');
    const ended = await run([...start, '--data', data], { EVERSTATE_JWT_SECRET: 'short' }).end();
    expect(complaint(ended)).toBe('EVERSTATE_JWT_SECRET must have at least 32 bytes, but has 5.');
    expect(existsSync(data)).toBe(false);
  });

  test('is not open to others by mistake', async () => {
    const args = [...start, '--data', join(temporaryDirectory(), 'data'), '--workers', '2'];
    expect(complaint(await run(args, { EVERSTATE_HOST: '0.0.0.0' }).end())).toMatch(
      /^Nobody is asked who they are, so on 0\.0\.0\.0 anybody could .* --insecure\.$/,
    );
  });

  test('listens to others when it is told to, or asks who they are', async () => {
    const everywhere = ['--host', '0.0.0.0'];
    const urls = await Promise.all([serve([...everywhere, '--insecure'], {}), serve(everywhere)]);
    const statuses = urls.map(async (url) => (await post({ url }, viewer)).status);
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });

  test('tells in its log that an issuer’s keys cannot be had, and lets in nobody', async () => {
    const jwks = join(temporaryDirectory(), 'keys.json');
    const flags = ['--jwks', jwks, '--jwt-issuer', 'me', '--jwt-audience', 'you'];
    const data = join(temporaryDirectory(), 'data');
    const server = await ready(run([...start, '--data', data, ...flags], {}));
    const url = server.url.replace('/graphql', '');
    const answer = await post(
      { url },
      viewer,
      bearer(`${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.e30`),
    );
    expect([answer.status, answer.codes]).toEqual([503, ['UNAVAILABLE']]);
    expect((await post({ url }, viewer)).status).toBe(401);
    const lines = server.process.stderr.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'The keys that tokens are checked with cannot be had: nobody new is let in until they are',
    ]);
  });

  test('asks in each of several processes', async () => {
    const [token, url] = await Promise.all([printed(ada), serve(['--workers', '2'])]);
    const statusOf = async (headers: object) => {
      const connection = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close', ...headers },
        body: JSON.stringify({ query: viewer }),
      });
      return connection.status;
    };
    // Connections go to the workers in turn.
    for (let count = 0; count < 4; count += 1) {
      expect(await statusOf({})).toBe(401);
      expect(await statusOf(bearer(token))).toBe(200);
    }
  });
});
