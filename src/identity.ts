/** How it is known who asks, as the settings have it. */
import { readFileSync } from 'node:fs';
import { type Config, WrongSetting } from './config.ts';
import {
  blocksOf,
  byHeader,
  byToken,
  type ErrorLog,
  type Identity,
  issuerKeys,
  noIdentity,
  secretKeys,
  Tokens,
  WrongKeys,
} from './http/index.ts';

const noKeys =
  'The keys that tokens are checked with cannot be had: nobody new is let in until they are';

/**
 * @param log is told when an issuer’s keys cannot be had.
 * @throws WrongSetting when a secret is not to be had, or cannot be one.
 */
export async function identityOf(config: Config, log: ErrorLog): Promise<Identity> {
  if (config.viewerHeader !== null) {
    return byHeader(config.viewerHeader, blocksOf(config.trustedProxies));
  }
  const terms = termsOf(config);
  if (config.jwks !== null) {
    const onFailure = (err: unknown) => log.error({ err }, noKeys);
    return byToken(new Tokens(issuerKeys(config.jwks, { onFailure }), terms));
  }
  const secret = secretOf(config);
  if (secret === null) return noIdentity;
  return await refusingWrong(config, () => byToken(new Tokens(secretKeys(secret), terms)));
}

/** What tokens must say, and say that are made here. */
export function termsOf({ jwtIssuer, jwtAudience, jwtRolesClaim }: Config) {
  return { issuer: jwtIssuer, audience: jwtAudience, rolesClaim: jwtRolesClaim };
}

/** The secret that tokens are signed with; null where there is none. @throws WrongSetting. */
export function secretOf({ jwtSecret, jwtSecretFile }: Config): string | null {
  if (jwtSecretFile === null) return jwtSecret;
  try {
    return readFileSync(jwtSecretFile, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new WrongSetting(`--jwt-secret-file ${jwtSecretFile} cannot be read (${code}).`);
  }
}

/** @throws WrongSetting, naming where the secret is from, for WrongKeys. */
export async function refusingWrong<T>(
  { jwtSecretFile }: Config,
  use: () => T | Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof WrongKeys)) throw error;
    const where = jwtSecretFile === null ? 'EVERSTATE_JWT_SECRET' : '--jwt-secret-file';
    throw new WrongSetting(`${where} ${error.message}.`);
  }
}
