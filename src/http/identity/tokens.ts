/** Tokens: JSON Web Tokens (RFC 7519), checked by jose, and who they say asks. */
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { limits } from '../../db/index.ts';
import type { Viewer } from '../../entities/index.ts';
import { requestLimits } from '../server/request-limits.ts';
import { isViewerId, type Known } from './known.ts';
import { secretBytes, type TokenKeys } from './token-keys.ts';
import { expired, unauthenticated } from './unauthenticated.ts';

/** What a token must say besides being signed. */
export interface TokenTerms {
  /** Who must have issued it; anybody who has the key without it. */
  readonly issuer: string | null;
  /** Whom it must be meant for; anybody without it. */
  readonly audience: string | null;
  /** The claim that lists roles. */
  readonly rolesClaim: string;
}

/** How long those that are known may be together: what they say is kept as well. */
const knownCharactersMax = 16 * 1024 * 1024;

export class Tokens {
  readonly #keys: TokenKeys;
  readonly #terms: TokenTerms;
  /** Clients send the same token again and again; to check one costs as much as a small request. */
  readonly #known = new LRUCache<string, Known>({
    max: requestLimits.tokensKnownMax,
    maxSize: knownCharactersMax,
    sizeCalculation: (_known, token) => token.length,
    ttl: requestLimits.tokenKnownMs,
  });

  constructor(keys: TokenKeys, terms: TokenTerms) {
    this.#keys = keys;
    this.#terms = terms;
  }

  /**
   * Who a token says asks, and until when it says so.
   * @throws a GraphQLError UNAUTHENTICATED that says what is wrong with it, and Unavailable when no
   *   key is to be had.
   */
  async viewerOf(token: string): Promise<Known> {
    if (token.length > requestLimits.tokenLengthMax) {
      const max = requestLimits.tokenLengthMax;
      throw unauthenticated(`The token may be at most ${max} characters long.`);
    }
    const known = this.#known.get(token);
    if (known && Date.now() < known.untilMs) return known;
    const found = await this.#check(token);
    this.#known.set(token, found);
    return found;
  }

  async #check(token: string): Promise<Known> {
    const { issuer, audience, rolesClaim } = this.#terms;
    try {
      const { payload } = await jwtVerify(token, this.#keys.keyOf, {
        algorithms: [...this.#keys.algorithms],
        clockTolerance: requestLimits.tokenToleranceSeconds,
        requiredClaims: ['sub', 'exp'],
        ...(issuer !== null && { issuer }),
        ...(audience !== null && { audience }),
      });
      refuseFuture(payload);
      const untilMs = ((payload.exp as number) + requestLimits.tokenToleranceSeconds) * 1_000;
      return { viewer: viewerIn(payload, rolesClaim), untilMs };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      if (error instanceof errors.JOSEError) throw unauthenticated(messageOf(error));
      throw error;
    }
  }
}

/**
 * A token for the secret, signed with HS256.
 * @param seconds how long it is valid from now on.
 * @throws WrongKeys when the secret cannot be one.
 */
export async function signToken(
  secret: string,
  { id, roles }: Pick<Viewer, 'id' | 'roles'>,
  seconds: number,
  { issuer, audience, rolesClaim }: TokenTerms,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({ [rolesClaim]: roles })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(id)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds);
  if (issuer !== null) token.setIssuer(issuer);
  if (audience !== null) token.setAudience(audience);
  return await token.sign(secretBytes(secret));
}

function viewerIn(claims: JWTPayload, rolesClaim: string): Viewer {
  const { sub: id, [rolesClaim]: roles = [] } = claims;
  if (!isViewerId(id)) {
    throw unauthenticated(
      `The token’s claim sub must be 1 to ${limits.idLengthMax} well-formed characters.`,
    );
  }
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) {
    throw unauthenticated(`The token’s claim ${rolesClaim} must be a list of texts.`);
  }
  return { id, roles, claims };
}

/** Signed by a clock that is ahead, or to be valid for longer than anybody meant. */
function refuseFuture({ iat }: JWTPayload): void {
  const latest = Date.now() / 1_000 + requestLimits.tokenToleranceSeconds;
  if (iat !== undefined && iat > latest) {
    throw unauthenticated('The token was issued in the future. Compare the clocks.');
  }
}

/** What is wrong, without anything that would help whoever makes tokens up. */
function messageOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `The token’s claim ${error.claim} is missing, or not what it must be.`;
  }
  return 'The token is not valid: it is malformed, or not signed by whom it must be.';
}
