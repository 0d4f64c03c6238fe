/** HEAD: what GET would answer, without the body. */
import type { Plugin } from 'graphql-yoga';

export function useHead(): Plugin {
  const heads = new WeakSet<Request>();
  return {
    onRequest({ request, setRequest, fetchAPI }) {
      if (request.method !== 'HEAD') return;
      const { url, headers, signal } = request;
      const get = new fetchAPI.Request(url, { method: 'GET', headers, signal });
      heads.add(get);
      setRequest(get);
    },
    onResponse({ request, response, setResponse, fetchAPI }) {
      if (!heads.has(request)) return;
      // A stream that is never read never begins: a subscription is followed for nobody.
      const { status, statusText, headers } = response;
      setResponse(new fetchAPI.Response(null, { status, statusText, headers }));
    },
  };
}
