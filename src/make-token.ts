/** `everstate token`: a token for the secret that a server checks tokens with. */
import { type Config, WrongSetting } from './config.ts';
import type { Viewer } from './entities/index.ts';
import { isViewerId, requestLimits, signToken } from './http/index.ts';
import { refusingWrong, secretOf, termsOf } from './identity.ts';

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * @param expires how long it is valid: a number and a unit, `8h`.
 * @throws WrongSetting where there is no secret, or a setting cannot be one.
 */
export async function makeToken(
  viewer: Pick<Viewer, 'id' | 'roles'>,
  expires: string,
  config: Config,
): Promise<string> {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(expires) ?? [];
  if (count === undefined) {
    throw new WrongSetting(
      `--expires must be a number and a unit, such as 30m, 8h or 7d, but was ${JSON.stringify(expires)}.`,
    );
  }
  if (!isViewerId(viewer.id)) {
    throw new WrongSetting('--sub must be 1 to 256 well-formed characters.');
  }
  if (viewer.roles.includes('')) throw new WrongSetting('--role must not be empty.');
  const secret = secretOf(config);
  if (secret === null) {
    throw new WrongSetting(
      'A token is signed with a secret: set EVERSTATE_JWT_SECRET, or say --jwt-secret-file.',
    );
  }
  const seconds = Number(count) * (secondsIn[unit] ?? 1);
  const sign = () => signToken(secret, viewer, seconds, termsOf(config));
  const token = await refusingWrong(config, sign);
  if (token.length > requestLimits.tokenLengthMax) {
    throw new WrongSetting(
      `A token may be at most ${requestLimits.tokenLengthMax} characters long: give fewer roles with --role.`,
    );
  }
  return token;
}
