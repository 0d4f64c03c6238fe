/**
 * Who asks is found out before anything else is done for a request. What a browser opens to look at
 * needs nobody: GraphiQL, the board, guides and health tell nothing of what the log holds.
 */
import type { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { isSigned } from '../../resolvers/index.ts';
import { challenge, expired } from '../identity/unauthenticated.ts';
import type { Asked, Viewers } from '../identity/viewers.ts';
import { whileKnown } from '../identity/while-known.ts';
import type { MaskError } from '../server/request-mark.ts';
import { unavailable } from '../server/retry-after.ts';
import { wantsPage } from './use-answer-forms.ts';

/** @param maskError what a client may see of an error. */
export function useIdentity(viewers: Viewers, maskError: MaskError): Plugin<Asked> {
  let endpoint = '';
  const needsViewer = (request: Request, url: URL) =>
    (url.pathname.startsWith('/files/') && !isSigned(url)) ||
    (isAt(endpoint, request, url.pathname) && !isPage(request));
  return {
    onYogaInit({ yoga }) {
      endpoint = yoga.graphqlEndpoint;
    },
    async onRequest({ request, url, serverContext, endResponse, fetchAPI }) {
      // What a browser asks before it asks: it carries nothing that could tell who it is.
      if (request.method === 'OPTIONS' || !needsViewer(request, url)) return;
      try {
        await viewers.of({ ...(serverContext as Asked), request });
      } catch (error) {
        endResponse(
          refusal(
            maskError(error, { ...serverContext, request }) as GraphQLError,
            fetchAPI.Response,
          ),
        );
      }
    },
    async onSubscribe({ args }) {
      const asked = args.contextValue as Asked;
      const known = await viewers.of(asked);
      // A WebSocket ends as a whole, so that its client begins it anew.
      if (!known || !asked.request || known.untilMs === Number.POSITIVE_INFINITY) return;
      return {
        onSubscribeResult: ({ result, setResult }) => {
          if (!(Symbol.asyncIterator in result)) return;
          setResult(whileKnown(result, known.untilMs, () => ({ errors: [expired()] })));
        },
      };
    },
    onResponse({ request, response }) {
      if (request.method === 'OPTIONS' || request.method === 'POST') return;
      response.headers.append('vary', viewers.headers.join(', '));
    },
  };
}

/** Whether operations are taken there: Yoga does so at every address that ends so. */
function isAt(endpoint: string, { url }: Request, path: string): boolean {
  return [endpoint, `${endpoint}/`].some((end) => path === end || url.endsWith(end));
}

/** A page is shown for any query; what it asks then, it asks by requests of its own. */
function isPage(request: Request): boolean {
  return request.method === 'GET' && wantsPage(request);
}

function refusal({ message, extensions }: GraphQLError, ResponseClass: typeof Response): Response {
  const { http: _, ...shown } = extensions ?? {};
  const errors = [{ message, extensions: shown }];
  const { status, headers } =
    shown.code === 'UNAUTHENTICATED'
      ? { status: 401, headers: challenge }
      : shown.code === 'UNAVAILABLE'
        ? unavailable
        : { status: 500, headers: {} };
  return new ResponseClass(JSON.stringify({ errors }), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
  });
}
