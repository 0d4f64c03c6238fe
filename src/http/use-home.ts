/** Leads whoever opens the server's root to GraphiQL. */
import type { Plugin } from 'graphql-yoga';

export function useHome(): Plugin {
  return {
    onRequest({ url, request, endResponse, fetchAPI }) {
      if (url.pathname !== '/' || request.method !== 'GET') return;
      endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }));
    },
  };
}
