/**
 * Tells caches which headers of the request an answer depends on. Which page may read it goes with
 * Origin, whatever it is; at the endpoint Accept decides on its form besides.
 */
import type { Plugin } from 'graphql-yoga';

/** What the answer to a page's question before a request depends on. */
const preflightHeaders = 'access-control-request-method, access-control-request-headers';

export function useVary(): Plugin {
  let endpoint = '';
  return {
    onYogaInit({ yoga }) {
      endpoint = yoga.graphqlEndpoint;
    },
    onResponse({ request, response }) {
      if (request.method === 'OPTIONS') {
        response.headers.set('vary', `origin, ${preflightHeaders}`);
        return;
      }
      const { pathname } = new URL(request.url);
      response.headers.append('vary', pathname.startsWith(endpoint) ? 'accept, origin' : 'origin');
    },
  };
}
