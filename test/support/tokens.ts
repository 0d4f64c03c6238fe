/** Tokens for tests, and an identity that takes them. */
import {
  byToken,
  type Identity,
  secretKeys,
  signToken,
  Tokens,
  type TokenTerms,
} from '../../src/http/index.ts';

const secret = 'a secret of tests, with 32 bytes at least';
const terms: TokenTerms = { issuer: null, audience: null, rolesClaim: 'roles' };

/** How long after its end a token is still taken, in seconds. */
const toleranceSeconds = 30;

/** Whoever has a token of `tokenOf` is who it says. */
export function identityByToken(): Identity {
  return byToken(new Tokens(secretKeys(secret), terms));
}

/** @param seconds how long the server takes it from now on; it has expired where that is negative. */
export async function tokenOf(
  id: string,
  roles: readonly string[] = [],
  seconds = 3_600,
): Promise<string> {
  return await signToken(secret, { id, roles }, seconds - toleranceSeconds, terms);
}
