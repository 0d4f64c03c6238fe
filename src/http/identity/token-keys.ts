/** The keys that tokens are signed with: a secret of one's own, or the public keys of an issuer. */
import { readFile, stat } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose';
import { Unavailable } from '../../db/index.ts';
import { requestLimits } from '../server/request-limits.ts';

/** A key for each token, and how it may have been used: an algorithm never comes from the token. */
export interface TokenKeys {
  readonly algorithms: readonly string[];
  readonly keyOf: JWTVerifyGetKey;
}

/** A secret cannot be one; the message says what is wrong, to go on after its name. */
export class WrongKeys extends Error {}

/** The least that HS256 asks for: as many bytes as its digest has. */
const secretBytesMin = 32;
/** How soon an issuer that failed is asked again, however many tokens come. */
const retryPauseMs = 1_000;
/** How soon it is told again that keys cannot be had. */
const tellPauseMs = 60_000;

/**
 * A secret that both signs and checks (HS256).
 * @throws WrongKeys when it is too short, or everybody’s: a public key.
 */
export function secretBytes(secret: string): Uint8Array {
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length < secretBytesMin) {
    throw new WrongKeys(`must have at least ${secretBytesMin} bytes, but has ${bytes.length}`);
  }
  if (/^\s*(-----BEGIN |\{|ssh-)/.test(secret)) {
    throw new WrongKeys('must be a secret of your own, but looks like a key; for keys see --jwks');
  }
  return bytes;
}

/** Tokens that whoever knows the secret has signed. @throws WrongKeys as secretBytes does. */
export function secretKeys(secret: string): TokenKeys {
  const bytes = secretBytes(secret);
  return { algorithms: ['HS256'], keyOf: async () => bytes as never };
}

/** How an issuer's keys are had; by requestLimits where it says nothing. */
export interface IssuerOptions {
  /** Takes what failed, once a minute at most; nobody new is let in until it works. */
  readonly onFailure: (error: unknown) => void;
  readonly keysTimeMaxMs?: number;
  readonly keysPauseMs?: number;
  readonly keysAgeMaxMs?: number;
}

/**
 * Tokens that an issuer has signed. Its public keys are looked for at once, and again when they are
 * old, when a token names one that is new, and when they could not be had.
 * @param source where they are, as a JWKS: a URL, or a file.
 */
export function issuerKeys(source: string, options: IssuerOptions): TokenKeys {
  const keys = /^https?:/i.test(source) ? keysAt(new URL(source), options) : keysIn(source);
  let toldMs = Number.NEGATIVE_INFINITY;
  const tell = (error: unknown) => {
    if (performance.now() - toldMs < tellPauseMs) return;
    toldMs = performance.now();
    options.onFailure(error);
  };
  keys.load().catch(tell);
  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    keyOf: async (...asked) => {
      try {
        return await keys.keyOf(...asked);
      } catch (error) {
        if (isWrongToken(error)) throw error;
        tell(error);
        throw new Unavailable(
          'The keys that tokens are checked with cannot be had now. Try again.',
        );
      }
    },
  };
}

interface IssuerKeys {
  readonly keyOf: JWTVerifyGetKey;
  /** Rejects when there are none. */
  readonly load: () => Promise<unknown>;
}

function keysAt(url: URL, options: IssuerOptions): IssuerKeys {
  const { keysTimeMaxMs, keysPauseMs, keysAgeMaxMs } = { ...requestLimits, ...options };
  const keyOf = createRemoteJWKSet(url, {
    timeoutDuration: keysTimeMaxMs,
    cooldownDuration: keysPauseMs,
    cacheMaxAge: keysAgeMaxMs,
    [customFetch]: patientFetch(),
  });
  return { keyOf, load: () => keyOf.reload() };
}

/** Leaves an issuer that has failed alone for a moment: each token would have it asked again. */
function patientFetch(): FetchImplementation {
  let failed: { readonly error: unknown; readonly atMs: number } | null = null;
  return async (url, init) => {
    if (failed && performance.now() - failed.atMs < retryPauseMs) throw failed.error;
    try {
      const response = await fetch(url, init);
      if (!response.ok) throw new Error(`${url} was answered ${response.status}.`);
      const keys = await response.json();
      createLocalJWKSet(keys);
      failed = null;
      return Response.json(keys);
    } catch (error) {
      failed = { error, atMs: performance.now() };
      throw error;
    }
  };
}

/** Read again when the file has changed, or another is in its place. */
function keysIn(path: string): IssuerKeys {
  let known: { readonly state: string; readonly keyOf: JWTVerifyGetKey } | null = null;
  const load = async () => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    const state = [ino, size, mtimeMs, ctimeMs].join(' ');
    if (known?.state === state) return known.keyOf;
    const keyOf = createLocalJWKSet(JSON.parse(await readFile(path, 'utf8')));
    known = { state, keyOf };
    return keyOf;
  };
  return { keyOf: async (...asked) => await (await load())(...asked), load };
}

/** What is wrong with a token is told to whoever sent it; that there is no key is not its fault. */
function isWrongToken(error: unknown): boolean {
  const kinds = [
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
    errors.JOSENotSupported,
  ];
  return kinds.some((kind) => error instanceof kind);
}
