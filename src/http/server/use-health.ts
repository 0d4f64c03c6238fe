/** Answers what is asked about health, before anything else is asked. */
import type { Plugin } from 'graphql-yoga';
import type { Store } from '../../db/index.ts';
import { isHealthPath, storeHealth } from './health.ts';

/** @param lagMaxMs how long a read may have to wait for the replica, for the server to be ready. */
export function useHealth(store: Store, lagMaxMs: number): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      // At once: a promise for each request would cost all others a turn.
      if (!isHealthPath(url.pathname)) return;
      return storeHealth(store, url.pathname, request.method, lagMaxMs).then(({ body, ...rest }) =>
        endResponse(new fetchAPI.Response(body, rest)),
      );
    },
  };
}
