import { ApolloLink, HttpLink, Observable } from '@apollo/client';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';

/** Everything over HTTP; each subscription is a response that goes on: server-sent events. */
export function overServerSentEvents(url: string): ApolloLink {
  const streams = createClient({ url, retryAttempts: 0 });
  const streamLink = new ApolloLink(
    ({ query, variables }) =>
      new Observable((observer) =>
        streams.subscribe<ApolloLink.Result['data'], ApolloLink.Result['extensions']>(
          { query: print(query), variables },
          {
            next: (result) => observer.next(result as ApolloLink.Result),
            error: (error) => observer.error(error),
            complete: () => observer.complete(),
          },
        ),
      ),
  );
  return ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    streamLink,
    new HttpLink({ uri: url }),
  );
}
