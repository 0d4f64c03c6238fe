/**
 * GET /health, for load balancers and whoever watches: 200 while the store can be read and written,
 * 503 otherwise, with the state of its two halves. Nothing else is told: no path, no error.
 */
import type { Plugin } from 'graphql-yoga';
import type { Store, StoreHealth } from '../../db/index.ts';
import { unavailable } from './retry-after.ts';

export function useHealth(store: Store): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== '/health') return;
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        const headers = { allow: 'GET, HEAD' };
        endResponse(new fetchAPI.Response('Health can only be read.\n', { status: 405, headers }));
        return;
      }
      const health = store.health();
      const works = canRead(health) && canWrite(health);
      const { status, headers } = works ? { status: 200, headers: {} } : unavailable;
      const body = `${JSON.stringify({ status: works ? 'ok' : 'unavailable', ...health })}\n`;
      endResponse(
        new fetchAPI.Response(request.method === 'HEAD' ? null : body, {
          status,
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'cache-control': 'no-store',
            ...headers,
          },
        }),
      );
    },
  };
}

function canRead({ replica }: StoreHealth): boolean {
  return replica === 'ok' || replica === 'memory';
}

function canWrite({ log }: StoreHealth): boolean {
  return log === 'ok';
}
