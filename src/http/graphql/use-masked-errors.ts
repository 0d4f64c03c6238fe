/**
 * Masks what an operation failed with, under the id of its request. Yoga does the same after it for
 * all the rest, where it does not tell which request it is about.
 */
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Marked, MaskError } from '../server/request-mark.ts';

export function useMaskedErrors(maskError: MaskError): Plugin {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (isAsyncIterable(result) || !result.errors) return;
        const asked = args.contextValue as Marked;
        const errors = result.errors.map((error) => maskError(error, asked) as typeof error);
        setResult({ ...result, errors });
      },
    }),
  };
}
