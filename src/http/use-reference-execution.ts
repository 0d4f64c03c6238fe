/**
 * Executes with graphql-js itself. Yoga's own executor answers fields in the order in which they
 * were done; the specification, and whoever reads the answer, expect the order of the query.
 */
import { execute, subscribe } from 'graphql';
import type { Plugin } from 'graphql-yoga';

export function useReferenceExecution(): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  };
}
