/** Names every request when it comes, and every answer after its request. */
import type { Plugin } from 'graphql-yoga';
import { type Marked, markOf, requestIdHeader } from './request-mark.ts';

export function useRequestIds(): Plugin {
  return {
    onRequest({ request, serverContext }) {
      markOf({ req: (serverContext as Marked).req, request });
    },
    onResponse({ request, response, serverContext }) {
      const { id } = markOf({ req: (serverContext as Marked).req, request });
      response.headers.set(requestIdHeader, id);
    },
  };
}
