/**
 * Executes with graphql-js itself. Yoga's own executor answers fields in the order in which they
 * were done; the specification, and whoever reads the answer, expect the order of the query.
 */
import type { Plugin } from 'graphql-yoga';
import { executeToAnswer } from './answers.ts';
import { SharedEvents } from './shared-events.ts';

export function useReferenceExecution(): Plugin {
  const events = new SharedEvents();
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(executeToAnswer),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn((args) => events.subscribe(args)),
  };
}
