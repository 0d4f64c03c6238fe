/** Servers that ask who one is, over HTTP and WebSocket, and tokens for them. */
import { request as httpRequest } from 'node:http';
import { type JWTPayload, SignJWT } from 'jose';
import { createApp } from '../../src/app.ts';
import type { Store } from '../../src/db/index.ts';
import {
  byToken,
  type Identity,
  requestLimits,
  secretKeys,
  signToken,
  Tokens,
  type TokenTerms,
  type ViewerOf,
} from '../../src/http/index.ts';
import { listen } from './api.ts';
import { openTemporary } from './temporary-store.ts';

export const secret = 'this secret is known to the tests alone';
export const anyTerms: TokenTerms = { issuer: null, audience: null, rolesClaim: 'roles' };

/** What every token of the tests claims unless it says otherwise; undefined leaves a claim out. */
export const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'ada',
  roles: ['admin'],
  exp: seconds(60),
  ...more,
});

/** So many seconds from now, as tokens have it. */
export function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1_000) + fromNow;
}

type SigningKey = Parameters<SignJWT['sign']>[0];

/** @param header of the token; HS256 without it. */
export async function signed(
  payload: JWTPayload,
  key: SigningKey = new TextEncoder().encode(secret),
  header: { alg: string; kid?: string } = { alg: 'HS256' },
): Promise<string> {
  return await new SignJWT(payload).setProtectedHeader(header).sign(key);
}

/** A good token. @param more claims, instead of those that it has anyway. */
export async function tokenFor(more: Record<string, unknown> = {}): Promise<string> {
  return await signed(claims(more));
}

/** One that is over in about a second, thanks to the tolerance alone. */
export async function endingToken(more: Record<string, unknown> = {}): Promise<string> {
  return await tokenFor({ exp: seconds(2 - requestLimits.tokenToleranceSeconds), ...more });
}

/** One as `everstate token` makes it. @param taken for how many seconds the server takes it from now on. */
export async function tokenOf(
  id: string,
  roles: readonly string[] = [],
  taken = 3_600,
): Promise<string> {
  const valid = taken - requestLimits.tokenToleranceSeconds;
  return await signToken(secret, { id, roles }, valid, anyTerms);
}

export function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

export function bySecret(terms = anyTerms): Identity {
  return byToken(new Tokens(secretKeys(secret), terms));
}

/** A server that asks. */
export interface Asking {
  readonly store: Store;
  /** Unexpected errors. */
  readonly logged: object[];
  /** Where it listens, without a path. */
  readonly url: string;
  /** Where GraphQL is over WebSocket. */
  readonly ws: string;
}

/** Serves until the test ends; by `secret` unless options say otherwise. */
export async function serveAsking(
  options: { readonly identity?: Identity; readonly viewerOf?: ViewerOf } = {
    identity: bySecret(),
  },
): Promise<Asking> {
  const store = await openTemporary();
  const logged: object[] = [];
  const log = { error: (details: object) => void logged.push(details) };
  const { url } = await listen(createApp(store, { ...options, log }));
  return { store, logged, url, ws: `${url.replace('http', 'ws')}/graphql` };
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The codes of its errors. */
  readonly codes: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
  readonly data: any;
  readonly message: string;
}

/** Sends an operation by POST. */
export async function post(
  { url }: Pick<Asking, 'url'>,
  query: string,
  headers: HeadersInit = {},
): Promise<Answered> {
  const init = { method: 'POST', body: JSON.stringify({ query }) };
  return await answeredBy(`${url}/graphql`, {
    ...init,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** Sends any request, and reads its answer whole. */
export async function answeredBy(address: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(address, { redirect: 'manual', ...init });
  const text = await response.text();
  const { data, errors = [] } = text.startsWith('{') ? JSON.parse(text) : {};
  return {
    status: response.status,
    headers: response.headers,
    text,
    codes: errors.map((error: { extensions: { code: string } }) => error.extensions.code),
    data,
    message: errors[0]?.message ?? '',
  };
}

/** Sends an operation with its headers as they stand, names and values in turn, repeated or not. */
export function postRaw(
  { url }: Pick<Asking, 'url'>,
  headers: readonly string[],
  query = '{ viewer { id } }',
): Promise<{ readonly status: number; readonly text: string }> {
  const body = JSON.stringify({ query });
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/graphql`, {
      method: 'POST',
      headers: [
        ...['host', new URL(url).host, 'content-type', 'application/json'],
        ...['content-length', `${Buffer.byteLength(body)}`, ...headers],
      ],
    });
    sent.once('error', reject);
    sent.once('response', async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
    // With a text Node would write the headers in UTF-8, too.
    sent.end(Buffer.from(body));
  });
}
