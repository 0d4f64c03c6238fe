/** Tokens for a secret: which are taken, which are not, and what their senders are told. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportSPKI } from 'jose';
import { describe, expect, test } from 'vitest';
import { requestLimits, secretKeys, signToken, Tokens, WrongKeys } from '../src/http/index.ts';
import {
  anyTerms,
  bearer,
  bySecret,
  claims,
  post,
  seconds,
  secret,
  serveAsking,
  tokenFor,
} from './support/viewers.ts';

const tolerance = requestLimits.tokenToleranceSeconds;
const viewer = '{ viewer { id roles } }';

/** A token by hand: jose makes none that are wrong. @param key what it is signed with, if it is. */
function made(header: object | string, payload: object | string, key: string | null): string {
  const parts = [header, payload].map((part) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'),
  );
  const text = parts.join('.');
  if (key === null) return `${text}.`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

const hs256 = { alg: 'HS256', typ: 'JWT' };
const byHand = (payload: object | string) => made(hs256, payload, secret);

test('a token says who asks, and as what', async () => {
  const server = await serveAsking();
  const tokens = [
    [
      await tokenFor({ sub: 'ada', roles: ['admin', 'ops'] }),
      { id: 'ada', roles: ['admin', 'ops'] },
    ],
    [await tokenFor({ sub: 'bob', roles: undefined }), { id: 'bob', roles: [] }],
    [await tokenFor({ sub: 'Zoë 李 𝒳', roles: ['größer'] }), { id: 'Zoë 李 𝒳', roles: ['größer'] }],
    [byHand(claims({ sub: '𝒳'.repeat(256) })), { id: '𝒳'.repeat(256), roles: ['admin'] }],
    [await signToken(secret, { id: 'eve', roles: [] }, 60, anyTerms), { id: 'eve', roles: [] }],
  ] as const;
  for (const [token, expected] of tokens) {
    const { status, data } = await post(server, viewer, bearer(token));
    expect([status, data]).toEqual([200, { viewer: expected }]);
  }
});

test('the word before a token may be in any letters, and the same token is taken again', async () => {
  const server = await serveAsking();
  const token = await tokenFor();
  for (const before of ['Bearer', 'bearer', 'BEARER', 'bEARER', 'Bearer  ', 'Bearer']) {
    const authorization = `${before} ${token}`;
    expect((await post(server, viewer, { authorization })).data.viewer.id).toBe('ada');
  }
});

describe('nobody is let in', () => {
  test.each<[string, () => string | Promise<string>, RegExp]>([
    ['without a signature', () => made({ alg: 'none' }, claims(), null), /not valid/],
    ['without one, in other letters', () => made({ alg: 'nOnE' }, claims(), null), /not valid/],
    ['with a signature of none', () => made({ alg: 'none' }, claims(), secret), /not valid/],
    ['with an empty signature', () => made(hs256, claims(), null), /not valid/],
    ['by another algorithm', () => made({ alg: 'HS512' }, claims(), secret), /not valid/],
    ['by no algorithm', () => made({}, claims(), secret), /not valid/],
    [
      'by an algorithm that is a list',
      () => made({ alg: ['HS256'] }, claims(), secret),
      /not valid/,
    ],
    ['by another secret', () => made(hs256, claims(), `${secret}!`), /not valid/],
    ['by a shorter one', () => made(hs256, claims(), secret.slice(0, -1)), /not valid/],
    [
      'with an extension that must be known',
      () => made({ ...hs256, crit: ['x'], x: 1 }, claims(), secret),
      /not valid/,
    ],
    [
      'with a payload that is not encoded',
      () => made({ ...hs256, crit: ['b64'], b64: false }, claims(), secret),
      /not valid/,
    ],
    [
      'with a key of its own',
      () => made({ ...hs256, jwk: { kty: 'oct', k: 'eA' } }, claims(), 'x'),
      /not valid/,
    ],
    ['with a header that is no JSON', () => made('{"alg":"HS256"', claims(), secret), /not valid/],
    ['with claims that are no JSON', () => byHand('{"sub":"ada"'), /not valid/],
    ['with claims that are a list', () => byHand([claims()]), /not valid/],
    ['with claims that are a text', () => byHand('"ada"'), /not valid/],
    ['with claims that are null', () => byHand('null'), /not valid/],
    ['by a text that is none', () => 'x', /not valid/],
    ['by three dots', () => '...', /not valid/],
    ['by an encrypted one', () => 'a.b.c.d.e', /not valid/],
    ['by one with something behind', async () => `${await tokenFor()}.x`, /not valid/],
    [
      'by one with other claims',
      async () => {
        const [head, , signature] = (await tokenFor()).split('.');
        const [, other] = byHand(claims({ sub: 'bob' })).split('.');
        return [head, other, signature].join('.');
      },
      /not valid/,
    ],
    [
      'by one of any length',
      () => 'x'.repeat(requestLimits.tokenLengthMax + 1),
      /at most 8192 characters/,
    ],
    [
      'by a good one of any length',
      () => tokenFor({ more: 'x'.repeat(7_000) }),
      /at most 8192 characters/,
    ],
    [
      'after its end',
      () => tokenFor({ exp: seconds(-tolerance - 1) }),
      /^The token has expired\.$/,
    ],
    ['after an end long ago', () => tokenFor({ exp: 0 }), /^The token has expired\.$/],
    [
      'after an end before all time',
      () => byHand(claims({ exp: -1e300 })),
      /^The token has expired\.$/,
    ],
    ['without an end', () => tokenFor({ exp: undefined }), /claim exp is missing/],
    [
      'with an end that is a text',
      () => byHand(claims({ exp: '9999999999' })),
      /claim exp is missing, or not what it must be/,
    ],
    ['with an end that is null', () => byHand(claims({ exp: null })), /claim exp/],
    ['before its beginning', () => tokenFor({ nbf: seconds(tolerance + 5) }), /claim nbf/],
    ['with a beginning that is a text', () => byHand(claims({ nbf: '0' })), /claim nbf/],
    [
      'before it was issued',
      () => tokenFor({ iat: seconds(tolerance + 5) }),
      /issued in the future/,
    ],
    ['issued at a text', () => byHand(claims({ iat: '0' })), /claim iat/],
    ['without a subject', () => tokenFor({ sub: undefined }), /claim sub is missing/],
    ['with an empty subject', () => byHand(claims({ sub: '' })), /claim sub must be 1 to 256/],
    [
      'with a subject that is too long',
      () => byHand(claims({ sub: 'x'.repeat(257) })),
      /claim sub must be/,
    ],
    ['with a subject that is a number', () => byHand(claims({ sub: 7 })), /claim sub must be/],
    ['with a subject that is null', () => byHand(claims({ sub: null })), /claim sub must be/],
    ['with a subject that is a list', () => byHand(claims({ sub: ['ada'] })), /claim sub must be/],
    ['with a subject that holds NUL', () => byHand(claims({ sub: 'a\0da' })), /claim sub must be/],
    [
      'with half a character for a subject',
      () => byHand('{"sub":"\\ud800","exp":9999999999}'),
      /claim sub must be/,
    ],
    [
      'with a role instead of roles',
      () => byHand(claims({ roles: 'admin' })),
      /claim roles must be a list of texts/,
    ],
    ['with roles that are null', () => byHand(claims({ roles: null })), /claim roles must be/],
    [
      'with roles by name',
      () => byHand(claims({ roles: { 0: 'admin', length: 1 } })),
      /claim roles must be/,
    ],
    [
      'with a role that is no text',
      () => byHand(claims({ roles: ['ops', 1] })),
      /claim roles must be/,
    ],
    [
      'with a role that is a list',
      () => byHand(claims({ roles: [['admin']] })),
      /claim roles must be/,
    ],
  ])('%s', async (_what, token, message) => {
    const tokens = new Tokens(secretKeys(secret), anyTerms);
    const error = await tokens.viewerOf(await token()).then(
      () => null,
      (thrown) => thrown,
    );
    expect(error?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(error.message).toMatch(message);
    expect(error.message.length).toBeLessThan(200);
  });
});

test('who sends a wrong token over HTTP is told what is wrong, and nothing of what is right', async () => {
  const server = await serveAsking();
  const wrong = [
    made({ alg: 'none' }, claims(), null),
    byHand(claims({ roles: 'admin' })),
    await tokenFor({ exp: 1 }),
    'x'.repeat(8_193),
  ];
  for (const token of wrong) {
    const { status, headers, codes, message } = await post(server, viewer, bearer(token));
    expect([status, codes]).toEqual([401, ['UNAUTHENTICATED']]);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(message).not.toContain(token.slice(0, 20));
  }
  expect(server.logged).toEqual([]);
});

test('clocks may be apart by the tolerance, and no more', async () => {
  const tokens = new Tokens(secretKeys(secret), anyTerms);
  const late = { exp: seconds(5 - tolerance) };
  const early = { nbf: seconds(tolerance - 5), iat: seconds(tolerance - 5) };
  for (const more of [late, early]) {
    expect((await tokens.viewerOf(await tokenFor(more))).viewer.id).toBe('ada');
  }
  expect((await tokens.viewerOf(await tokenFor(late))).untilMs).toBe(
    (late.exp + tolerance) * 1_000,
  );
});

test('a claim that is there twice counts as it was last, however it is sent', async () => {
  const tokens = new Tokens(secretKeys(secret), anyTerms);
  const twice = (json: string) => tokens.viewerOf(byHand(`{"exp":9999999999,${json}}`));
  expect((await twice('"sub":"ada","sub":"bob"')).viewer.id).toBe('bob');
  expect((await twice('"sub":"ada","roles":["admin"],"roles":[]')).viewer.roles).toEqual([]);
  await expect(twice('"sub":"ada","exp":1')).rejects.toThrow('The token has expired.');
  const { viewer: proto } = await twice('"sub":"ada","__proto__":{"roles":["admin"]}');
  expect(proto.roles).toEqual([]);
});

test('issuer and audience are compared where they are set', async () => {
  const terms = { issuer: 'https://me.example', audience: 'everstate', rolesClaim: 'roles' };
  const tokens = new Tokens(secretKeys(secret), terms);
  const good = { iss: terms.issuer, aud: terms.audience };
  const of = async (more: object) =>
    (await tokens.viewerOf(byHand(claims({ ...good, ...more })))).viewer;
  expect((await of({})).id).toBe('ada');
  expect((await of({ aud: ['others', 'everstate'] })).id).toBe('ada');
  const wrong: [object, string][] = [
    [{ iss: undefined }, 'iss'],
    [{ iss: 'https://me.example/' }, 'iss'],
    [{ iss: ['https://me.example'] }, 'iss'],
    [{ iss: '' }, 'iss'],
    [{ aud: undefined }, 'aud'],
    [{ aud: 'others' }, 'aud'],
    [{ aud: [] }, 'aud'],
    [{ aud: { everstate: true } }, 'aud'],
    [{ aud: ['everstate '] }, 'aud'],
  ];
  for (const [more, claim] of wrong) {
    await expect(of(more), JSON.stringify(more)).rejects.toThrow(
      `The token’s claim ${claim} is missing, or not what it must be.`,
    );
  }
  const own = await signToken(secret, { id: 'ada', roles: [] }, 60, terms);
  expect((await tokens.viewerOf(own)).viewer.claims).toMatchObject(good);
});

test('roles may be in a claim of another name', async () => {
  const terms = { ...anyTerms, rolesClaim: 'https://me.example/groups' };
  const server = await serveAsking({ identity: bySecret(terms) });
  const token = await tokenFor({ [terms.rolesClaim]: ['ops'] });
  expect((await post(server, viewer, bearer(token))).data.viewer.roles).toEqual(['ops']);
  const own = await signToken(secret, { id: 'ada', roles: ['x'] }, 60, terms);
  expect((await post(server, viewer, bearer(own))).data.viewer.roles).toEqual(['x']);
  for (const rolesClaim of ['__proto__', 'constructor', 'toString']) {
    const odd = new Tokens(secretKeys(secret), { ...anyTerms, rolesClaim });
    await expect(odd.viewerOf(await tokenFor())).rejects.toThrow(/must be a list/);
  }
});

test('one who was known a moment ago is not known after the end of the token', async () => {
  const tokens = new Tokens(secretKeys(secret), anyTerms);
  // Times in tokens are whole seconds: it lasts for one at least.
  const token = await tokenFor({ exp: seconds(2 - tolerance) });
  expect((await tokens.viewerOf(token)).viewer.id).toBe('ada');
  await new Promise((resolve) => setTimeout(resolve, 2_050));
  await expect(tokens.viewerOf(token)).rejects.toThrow('The token has expired.');
});

test('the same text is the same viewer, and no other text is', async () => {
  const tokens = new Tokens(secretKeys(secret), anyTerms);
  const token = await tokenFor();
  expect(await tokens.viewerOf(token)).toBe(await tokens.viewerOf(token));
  const [head, body, signature = ''] = token.split('.');
  const turned = [...signature].reverse().join('');
  await expect(tokens.viewerOf(`${head}.${body}.${turned}`)).rejects.toThrow(/not valid/);
  await expect(tokens.viewerOf(`${head}.${body}.`)).rejects.toThrow(/not valid/);
});

test('a secret that others could guess or have is refused', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const refused: [string, RegExp][] = [
    ['', /^must have at least 32 bytes, but has 0$/],
    ['x'.repeat(31), /but has 31$/],
    ['ü'.repeat(15), /but has 30$/],
    [await exportSPKI(publicKey as never), /^must be a secret of your own, but looks like a key/],
    [`\n${publicKey.export({ type: 'pkcs1', format: 'pem' })}`, /looks like a key/],
    [JSON.stringify(publicKey.export({ format: 'jwk' })), /looks like a key/],
    [`ssh-rsa ${'A'.repeat(100)}`, /looks like a key/],
  ];
  for (const [text, message] of refused) {
    expect(() => secretKeys(text)).toThrow(WrongKeys);
    expect(() => secretKeys(text)).toThrow(message);
    await expect(signToken(text, { id: 'a', roles: [] }, 1, anyTerms)).rejects.toThrow(message);
  }
  expect(secretKeys('ü'.repeat(16)).algorithms).toEqual(['HS256']);
});
