/**
 * Reports the position at which an operation answered as `extensions.position`. Each event of a
 * subscription has its own, which comes with it.
 */
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Operation } from '../../resolvers/index.ts';

interface Context {
  readonly operation: Operation;
}

export function usePosition(): Plugin<Context> {
  return {
    onExecute: ({ args }) => {
      const { operation } = args.contextValue as Context;
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (!(Symbol.asyncIterator in result)) setResult(withPosition(result, operation));
        },
      };
    },
  };
}

function withPosition(result: ExecutionResult, { position }: Operation): ExecutionResult {
  if (position === null) return result;
  return { ...result, extensions: { ...result.extensions, position: String(position) } };
}
