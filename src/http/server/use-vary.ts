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
      // Behind the scheme and the host. Parsing the whole for each answer is felt.
      const isOurs = request.url.startsWith(endpoint, request.url.indexOf('/', 'https://'.length));
      response.headers.append('vary', isOurs ? 'accept, origin' : 'origin');
    },
  };
}
