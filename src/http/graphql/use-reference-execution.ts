/**
 * Executes with graphql-js itself. Yoga's own executor answers fields in the order in which they
 * were done; the specification, and whoever reads the answer, expect the order of the query.
 */
import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { executeToAnswer } from './answers.ts';
import { resumedDocument } from './resumed-document.ts';
import { SharedEvents } from './shared-events.ts';

export function useReferenceExecution(): Plugin {
  const events = new SharedEvents();
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(executeToAnswer),
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
