/** Keys of an issuer, in a file or at a URL: which tokens they let in, and what happens without them. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { IssuerOptions } from '../src/http/identity/token-keys.ts';
import { byToken, issuerKeys, Tokens } from '../src/http/index.ts';
import { Conversation } from './support/conversation.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';
import { bearer, claims, post, serveAsking, signed } from './support/viewers.ts';

const terms = { issuer: 'https://issuer.example', audience: 'everstate', rolesClaim: 'roles' };
const good = { iss: terms.issuer, aud: terms.audience };
const viewer = '{ viewer { id } }';

/** A key of an issuer: what it signs with, and what it publishes. */
class IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor(kid: string, alg: 'RS256' | 'ES256' | 'EdDSA' | 'ES384' | 'PS256' = 'ES256') {
    const pair = {
      RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
      PS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
      ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      EdDSA: () => generateKeyPairSync('ed25519'),
    }[alg]();
    this.kid = kid;
    this.alg = alg;
    this.publicKey = pair.publicKey;
    this.#privateKey = pair.privateKey;
  }

  get published() {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig' };
  }

  async sign(more: object = {}, header: { kid?: string } = { kid: this.kid }): Promise<string> {
    return await signed(claims({ ...good, ...more }), this.#privateKey, {
      alg: this.alg,
      ...header,
    });
  }
}

const jwks = (...keys: readonly IssuerKey[]) =>
  JSON.stringify({ keys: keys.map(({ published }) => published) });

/** A server of keys, as a test has it answer. */
class Issuer {
  answer: (response: ServerResponse) => void = (response) => response.end(this.text);
  text: string;
  asked = 0;
  #port = 0;
  #server = this.#begin();

  constructor(text: string) {
    this.text = text;
    onTestFinished(() => this.stop());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/keys`;
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    this.#server = this.#begin();
  }

  #begin() {
    return createServer((_request, response) => {
      this.asked += 1;
      this.answer(response);
    });
  }
}

async function issuerOf(...keys: readonly IssuerKey[]): Promise<Issuer> {
  const issuer = new Issuer(jwks(...keys));
  await issuer.start();
  return issuer;
}

function fileOf(text: string): string {
  const path = join(temporaryDirectory(), 'keys.json');
  writeFileSync(path, text);
  return path;
}

/** What lets in by the keys there; what failed is in `failures`. */
function tokensBy(source: string, options: Partial<IssuerOptions> = {}) {
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => void failures.push(error);
  const keys = issuerKeys(source, { onFailure, keysPauseMs: 0, ...options });
  return { tokens: new Tokens(keys, terms), failures };
}

async function codeOf(tokens: Tokens, token: string): Promise<string> {
  return await tokens.viewerOf(token).then(
    () => 'none',
    (error) => error.extensions?.code ?? error.code ?? String(error),
  );
}

describe.each(['file', 'URL'])('keys at a %s', (kind) => {
  const sourceOf = async (...keys: readonly IssuerKey[]) =>
    kind === 'file' ? fileOf(jwks(...keys)) : (await issuerOf(...keys)).url;

  test('let in who has a token of theirs, by each algorithm', async () => {
    const keys = (['RS256', 'ES256', 'EdDSA'] as const).map((alg) => new IssuerKey(alg, alg));
    const { tokens, failures } = tokensBy(await sourceOf(...keys));
    for (const key of keys) {
      expect((await tokens.viewerOf(await key.sign())).viewer.id).toBe('ada');
      // One of a kind needs no name.
      expect((await tokens.viewerOf(await key.sign({}, {}))).viewer.id).toBe('ada');
    }
    expect(failures).toEqual([]);
  });

  test('let in nobody else', async () => {
    const key = new IssuerKey('k', 'RS256');
    const [other, second] = [new IssuerKey('k', 'RS256'), new IssuerKey('second', 'RS256')];
    const [odd, weak] = [new IssuerKey('odd', 'ES384'), new IssuerKey('weak', 'PS256')];
    const { tokens, failures } = tokensBy(await sourceOf(key, second, odd, weak));
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' });
    const wrong: [string, string | Promise<string>][] = [
      ['another key of the same name', other.sign()],
      ['a key of the issuer under the name of another', second.sign({}, { kid: 'k' })],
      ['a name that leads nowhere', key.sign({}, { kid: 'nowhere' })],
      ['a name that is a path', key.sign({}, { kid: '../../../../etc/passwd' })],
      ['a name that is empty', key.sign({}, { kid: '' })],
      ['no name where there are several', key.sign({}, {})],
      ['another issuer', key.sign({ iss: 'https://other.example' })],
      ['no issuer', key.sign({ iss: undefined })],
      ['another audience', key.sign({ aud: 'other' })],
      ['no audience', key.sign({ aud: undefined })],
      ['no end', key.sign({ exp: undefined })],
      ['an algorithm that is not taken', odd.sign()],
      ['another that is not', weak.sign()],
      ['no algorithm', byHand({ alg: 'none', kid: 'k' }, null)],
      ['the public key as a secret', byHand({ alg: 'HS256', kid: 'k' }, pem)],
      [
        'the public key as a secret, trimmed',
        byHand({ alg: 'HS256', kid: 'k' }, pem.toString().trim()),
      ],
      [
        'the public key’s bytes as a secret',
        byHand({ alg: 'HS256', kid: 'k' }, key.publicKey.export({ type: 'spki', format: 'der' })),
      ],
      [
        'the published key as a secret',
        byHand({ alg: 'HS256', kid: 'k' }, JSON.stringify(key.published)),
      ],
      ['the published number as a secret', byHand({ alg: 'HS256' }, String(key.published.n))],
      ['an empty secret', byHand({ alg: 'HS256' }, '')],
      ['a key that it brings along', byHand({ alg: 'ES256', jwk: other.published }, 'x')],
      [
        'a place to fetch the key from',
        byHand({ alg: 'RS256', jku: 'http://127.0.0.1:1/keys' }, 'x'),
      ],
    ];
    for (const [what, token] of wrong) {
      expect([what, await codeOf(tokens, await token)]).toEqual([what, 'UNAUTHENTICATED']);
    }
    expect(failures).toEqual([]);
    expect(await codeOf(tokens, await key.sign())).toBe('none');
  });
});

/** A token that is signed with what is taken for a secret. */
function byHand(header: object, secret: string | Buffer | null): string {
  const text = [header, claims(good)]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature =
    secret === null ? '' : createHmac('sha256', secret).update(text).digest('base64url');
  return `${text}.${signature}`;
}

describe('rotation', () => {
  test('a key that appears at a URL is found when a token names it', async () => {
    const [old, next] = [new IssuerKey('old'), new IssuerKey('next')];
    const issuer = await issuerOf(old);
    const { tokens } = tokensBy(issuer.url);
    expect(await codeOf(tokens, await old.sign())).toBe('none');
    expect(await codeOf(tokens, await next.sign())).toBe('UNAUTHENTICATED');
    issuer.text = jwks(old, next);
    expect(await codeOf(tokens, await next.sign({ sub: 'bob' }))).toBe('none');
    expect(await codeOf(tokens, await old.sign({ sub: 'bob' }))).toBe('none');
  });

  test('names that lead nowhere do not have the issuer asked each time', async () => {
    const key = new IssuerKey('k');
    const issuer = await issuerOf(key);
    const { tokens } = tokensBy(issuer.url, { keysPauseMs: 60_000 });
    for (let count = 0; count < 20; count += 1) {
      const token = await key.sign({}, { kid: `nowhere ${count}` });
      expect(await codeOf(tokens, token)).toBe('UNAUTHENTICATED');
    }
    expect(issuer.asked).toBe(1);
  });

  test('a key that is gone from a URL is gone once the others are old', async () => {
    const [old, next] = [new IssuerKey('old'), new IssuerKey('next')];
    const issuer = await issuerOf(old);
    const { tokens } = tokensBy(issuer.url, { keysAgeMaxMs: 1 });
    expect(await codeOf(tokens, await old.sign())).toBe('none');
    issuer.text = jwks(next);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await codeOf(tokens, await old.sign({ sub: 'bob' }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(tokens, await next.sign())).toBe('none');
  });

  test('a file that is written anew, or replaced, is read anew', async () => {
    const keys = ['a', 'b', 'c'].map((kid) => new IssuerKey(kid)) as [
      IssuerKey,
      IssuerKey,
      IssuerKey,
    ];
    const path = fileOf(jwks(keys[0]));
    const { tokens, failures } = tokensBy(path);
    const codes = async () => {
      const sub = `${Math.random()}`;
      return await Promise.all(keys.map(async (key) => codeOf(tokens, await key.sign({ sub }))));
    };
    expect(await codes()).toEqual(['none', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
    writeFileSync(path, jwks(keys[0], keys[1]));
    expect(await codes()).toEqual(['none', 'none', 'UNAUTHENTICATED']);
    writeFileSync(`${path}.new`, jwks(keys[2]));
    renameSync(`${path}.new`, path);
    expect(await codes()).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'none']);
    expect(failures).toEqual([]);
  });
});

describe('keys that cannot be had', () => {
  test('nobody is let in while an issuer is away at the start, and all are once it is there', async () => {
    const key = new IssuerKey('k');
    const issuer = await issuerOf(key);
    await issuer.stop();
    const { tokens, failures } = tokensBy(issuer.url);
    for (const token of [await key.sign(), await new IssuerKey('k').sign()]) {
      expect(await codeOf(tokens, token)).toBe('UNAVAILABLE');
    }
    expect(failures).toHaveLength(1);
    expect(String((failures[0] as Error).cause)).toContain('ECONNREFUSED');
    await issuer.start();
    await until(async () => (await codeOf(tokens, await key.sign())) === 'none');
  });

  test('while an issuer is away, whom its keys are known of is let in', async () => {
    const key = new IssuerKey('k');
    const issuer = await issuerOf(key);
    const { tokens } = tokensBy(issuer.url);
    expect(await codeOf(tokens, await key.sign())).toBe('none');
    await issuer.stop();
    expect(await codeOf(tokens, await new IssuerKey('next').sign())).toBe('UNAVAILABLE');
    expect(await codeOf(tokens, await key.sign({ sub: 'bob' }))).toBe('none');
  });

  test('keys that are old are not believed while an issuer is away', async () => {
    const key = new IssuerKey('k');
    const issuer = await issuerOf(key);
    const { tokens, failures } = tokensBy(issuer.url, { keysAgeMaxMs: 1 });
    expect(await codeOf(tokens, await key.sign())).toBe('none');
    await issuer.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await codeOf(tokens, await key.sign({ sub: 'bob' }))).toBe('UNAVAILABLE');
    expect(failures).toHaveLength(1);
    await issuer.start();
    await until(async () => (await codeOf(tokens, await key.sign({ sub: 'eve' }))) === 'none');
  });

  test('an issuer that fails is not asked for each token', async () => {
    const issuer = await issuerOf();
    issuer.answer = (response) => void response.writeHead(500).end();
    const { tokens, failures } = tokensBy(issuer.url);
    const key = new IssuerKey('k');
    for (let count = 0; count < 50; count += 1) {
      expect(await codeOf(tokens, await key.sign({ sub: `${count}` }))).toBe('UNAVAILABLE');
    }
    expect(issuer.asked).toBeLessThan(20);
    expect(failures).toHaveLength(1);
  });

  test('an issuer that does not answer keeps nobody waiting for ever', async () => {
    const issuer = await issuerOf();
    issuer.answer = () => {};
    const { tokens } = tokensBy(issuer.url, { keysTimeMaxMs: 50 });
    expect(await codeOf(tokens, await new IssuerKey('k').sign())).toBe('UNAVAILABLE');
  });

  const noKeys = [
    '',
    'no JSON',
    '[]',
    '{}',
    'null',
    '{"keys":{}}',
    '{"keys":[1]}',
    '{"keys":[null]}',
    '<html></html>',
  ];
  test.each(noKeys)('what is no set of keys lets in nobody: %s', async (text) => {
    const key = new IssuerKey('k');
    const issuer = new Issuer(text);
    await issuer.start();
    for (const source of [fileOf(text), issuer.url]) {
      const { tokens, failures } = tokensBy(source);
      expect(await codeOf(tokens, await key.sign())).toBe('UNAVAILABLE');
      expect(failures).toHaveLength(1);
    }
  });

  test('keys that cannot be such let in nobody', async () => {
    const key = new IssuerKey('k');
    const broken = [
      { ...key.published, x: 'AA' },
      { kty: 'EC', crv: 'P-256', kid: 'k' },
      { ...key.published, use: 'enc' },
      { ...key.published, kty: 'oct', k: 'AAAA' },
      { ...key.published, alg: 'HS256' },
    ];
    for (const published of broken) {
      const { tokens } = tokensBy(fileOf(JSON.stringify({ keys: [published] })));
      expect(await codeOf(tokens, await key.sign())).toMatch(/^UNA(VAILABLE|UTHENTICATED)$/);
    }
    const { tokens } = tokensBy(fileOf('{"keys":[]}'));
    expect(await codeOf(tokens, await key.sign())).toBe('UNAUTHENTICATED');
  });

  test('a file that comes later, or back, is enough', async () => {
    const key = new IssuerKey('k');
    const path = join(temporaryDirectory(), 'keys.json');
    const { tokens, failures } = tokensBy(path);
    expect(await codeOf(tokens, await key.sign())).toBe('UNAVAILABLE');
    writeFileSync(path, jwks(key));
    expect(await codeOf(tokens, await key.sign())).toBe('none');
    rmSync(path);
    expect(await codeOf(tokens, await key.sign({ sub: 'bob' }))).toBe('UNAVAILABLE');
    writeFileSync(path, jwks(key));
    expect(await codeOf(tokens, await key.sign({ sub: 'bob' }))).toBe('none');
    expect(failures).toHaveLength(1);
  });

  test('clients are told that it may pass, over HTTP and WebSocket', async () => {
    const key = new IssuerKey('k');
    const issuer = await issuerOf(key);
    await issuer.stop();
    const identity = byToken(tokensBy(issuer.url).tokens);
    const server = await serveAsking({ identity });
    const headers = bearer(await key.sign());
    const refused = await post(server, viewer, headers);
    expect([refused.status, refused.codes]).toEqual([503, ['UNAVAILABLE']]);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(refused.message).not.toContain(issuer.url);
    const talk = new Conversation(server.ws);
    talk.socket.once('open', () => talk.send({ type: 'connection_init', payload: headers }));
    expect(await talk.closed()).toMatch(/^1013 The keys that tokens are checked with cannot/);
    await issuer.start();
    await until(async () => (await post(server, viewer, headers)).status === 200);
    // That a client has to wait is nothing that its operator could mend.
    expect(server.logged).toEqual([]);
  });
});
