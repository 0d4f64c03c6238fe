import { ApolloClient, ApolloLink } from '@apollo/client';
import { asksForPast } from '../asks-for-past.ts';
import { currentCache, pastCache } from './cache.ts';

/** Keeps the past out of the cache of what is now: a mistake fails, rather than shows later. */
const nothingPast = new ApolloLink((operation, forward) => {
  if (asksForPast(operation.query, operation.variables)) {
    throw new Error(`${operation.operationName ?? 'A query'} has asOf: ask the client \`past\`.`);
  }
  return forward(operation);
});

/** One client for what is now, and one for what was. */
export function connect(link: ApolloLink, possibleTypes: Record<string, string[]>) {
  return {
    current: new ApolloClient({
      link: ApolloLink.from([nothingPast, link]),
      cache: currentCache(possibleTypes),
    }),
    past: new ApolloClient({ link, cache: pastCache(possibleTypes) }),
  };
}
