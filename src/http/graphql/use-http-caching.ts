/**
 * What caches may keep of answers to GET. A query whose every root field is pinned to a position is
 * kept for ever. Any other is kept to be asked about, and has not changed as long as it would say
 * the same, whatever else was written. Errors and answers to POST are not kept.
 */
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Store } from '../../db/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { parseMediaType } from '../server/media-types.ts';
import { isHeld } from '../server/preconditions.ts';
import { CacheableQuery, type Keeping } from './cacheable-query.ts';
import { type Asked, EntityTags } from './entity-tags.ts';
import { jsonTypes } from './use-answer-forms.ts';

interface Context {
  readonly operation: Operation;
}

export function useHttpCaching(store: Store, schema: GraphQLSchema): Plugin<Context> {
  const tags = new EntityTags(store.logId, schema);
  /** Requests by GET; null until their answer turns out to be one that may be kept. */
  const kept = new WeakMap<Request, Keeping | null>();

  /** Finds out whether the client has the answer already. */
  async function heldBy(request: Request, query: CacheableQuery): Promise<boolean> {
    const ifNoneMatch = request.headers.get('if-none-match');
    const held = ifNoneMatch === null ? null : query.held(ifNoneMatch, await store.head());
    kept.set(request, held);
    return held !== null;
  }

  return {
    onRequest({ request }) {
      if (request.method === 'GET') kept.set(request, null);
    },
    onExecute({ args, context, setResultAndStopExecution }) {
      const { request, params } = context;
      if (!kept.has(request)) return;
      const query = new CacheableQuery(
        tags,
        askedIn(request, params, context.operation),
        args as ExecutionArgs,
        context.operation.view.viewer !== null,
      );
      return heldBy(request, query).then((held) => {
        // The answer is made of headers alone.
        if (held) return setResultAndStopExecution({});
        return {
          onExecuteDone: async ({ result, setResult }) => {
            if (Symbol.asyncIterator in result || result.errors || !result.data) return;
            if (context.operation.isPassing) return;
            const answer = query.answer(result);
            setResult(answer);
            kept.set(request, await query.keeping(answer));
          },
        };
      });
    },
    onResponse({ request, response, setResponse, fetchAPI }) {
      if (request.method === 'POST') response.headers.set('cache-control', 'no-store');
      const keeping = kept.get(request);
      if (keeping === undefined) return;
      const unchanged = describe(response.headers, keeping, request.headers.get('if-none-match'));
      if (!unchanged) return;
      setResponse(new fetchAPI.Response(null, { status: 304, headers: response.headers }));
    },
  };
}

/** Tells caches about an answer to GET; @returns whether the client has it already. */
function describe(headers: Headers, keeping: Keeping | null, ifNoneMatch: string | null): boolean {
  if (!keeping || !isJson(headers)) {
    headers.set('cache-control', 'no-store');
    return false;
  }
  headers.set('cache-control', keeping.cacheControl);
  headers.set('etag', keeping.etag);
  if (!isHeld(ifNoneMatch, keeping.etag)) return false;
  headers.delete('content-type');
  return true;
}

/** What else may be accepted is a stream of events. */
function isJson(headers: Headers): boolean {
  return jsonTypes.includes(parseMediaType(headers.get('content-type') ?? '')?.type ?? '');
}

function askedIn(request: Request, params: GraphQLParams, { view }: Operation): Asked {
  const { query, operationName, variables } = params;
  const accept = request.headers.get('accept') ?? '*/*';
  return { query, operationName, variables, accept, seen: view.key };
}
