/**
 * Refuses operations that may cost more than they may, and tells what one costs: in
 * `extensions.cost` of its answer, where the server always does or the request asks for it in its
 * own extensions, `{ "cost": true }`. No header asks: caches would have to know of it.
 */
import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { costOf } from './operation-cost.ts';

interface Context {
  readonly params?: GraphQLParams;
}

/**
 * @param max the most that one operation may cost.
 * @param isAlwaysTold whether every answer tells what its operation cost.
 */
export function useCostLimit(max: number, isAlwaysTold: boolean): Plugin<Context> {
  const costWithin = (args: ExecutionArgs) => {
    const cost = costOf(args);
    if (cost <= max) return cost;
    throw new GraphQLError(
      `The operation may cost at most ${max} (costMax), but may cost ${cost}. Ask for less.`,
      { extensions: { code: 'COST_TOO_HIGH', cost, max } },
    );
  };
  return {
    onExecute({ args }) {
      const cost = costWithin(args);
      const { params } = args.contextValue as Context;
      if (!isAlwaysTold && params?.extensions?.cost !== true) return;
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (Symbol.asyncIterator in result) return;
          setResult({ ...result, extensions: { ...result.extensions, cost: { is: cost, max } } });
        },
      };
    },
    onSubscribe({ args }) {
      costWithin(args);
    },
  };
}
