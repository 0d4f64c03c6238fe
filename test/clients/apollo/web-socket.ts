import { ApolloLink, HttpLink } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';

/** Queries and mutations over HTTP; all subscriptions over one WebSocket. */
export function overWebSocket(url: string): ApolloLink {
  // A retry of this client's own would begin where the first attempt did; followTodos knows better.
  const sockets = createClient({ url: url.replace('http', 'ws'), retryAttempts: 0 });
  return ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: url }),
  );
}
