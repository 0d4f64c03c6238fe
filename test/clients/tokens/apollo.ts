import { ApolloLink, HttpLink, ServerError } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import type { Tokens } from './tokens.ts';
import { socketsWith } from './transports.ts';

/** Says who asks: queries and mutations over HTTP, all subscriptions over one WebSocket. */
export function withTokens(url: string, tokens: Tokens): ApolloLink {
  const say = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, authorization: await tokens.authorization() },
  }));
  // What was refused was not done: it is sent once more, with another token.
  const again = new ErrorLink(({ error, operation, forward }) => {
    if (!ServerError.is(error) || error.statusCode !== 401) return undefined;
    tokens.refuse(operation.getContext().headers.authorization);
    return forward(operation);
  });
  return ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(socketsWith(url, tokens, { retryAttempts: 0 })),
    ApolloLink.from([again, say, new HttpLink({ uri: url })]),
  );
}
