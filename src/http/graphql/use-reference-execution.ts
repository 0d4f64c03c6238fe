/**
 * Executes with graphql-js itself. Yoga's own executor answers fields in the order in which they
 * were done; the specification, and whoever reads the answer, expect the order of the query. What
 * was answered before, and holds, is not executed again.
 */
import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { KeptOperations } from './kept-operations.ts';
import { resumedDocument } from './resumed-document.ts';
import type { SharedEvents } from './shared-events.ts';

/**
 * @param kept answers that are kept.
 * @param events those of subscriptions.
 */
export function useReferenceExecution(kept: KeptOperations, events: SharedEvents): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn((args) => kept.execute(args)),
    onSubscribe: ({ setSubscribeFn }) =>
      setSubscribeFn((args) => events.subscribe(args, sourceOf(args))),
  };
}

/** The document, going on where an EventSource says that it was broken off. */
function sourceOf({ schema, document, contextValue }: ExecutionArgs) {
  const { request } = contextValue as { readonly request?: Request };
  const lastEventId = request?.headers.get('last-event-id');
  return lastEventId ? resumedDocument(schema, document, lastEventId) : document;
}
