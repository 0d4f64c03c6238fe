/** Nobody is known to ask: no token, or one that is not valid any more, or never was. */
import { GraphQLError } from 'graphql';

/** How to ask again, as RFC 6750 has it. */
export const challenge = Object.freeze({ 'www-authenticate': 'Bearer' });

export function expired(): GraphQLError {
  return unauthenticated('The token has expired.');
}

/** @param message what is missing or wrong. */
export function unauthenticated(message: string): GraphQLError {
  const http = { status: 401, headers: challenge };
  return new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http } });
}
