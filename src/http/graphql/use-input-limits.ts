/** Refuses operations that hand over too many values, before any of them is read. */
import { setImmediate } from 'node:timers/promises';
import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { requestLimits } from '../server/request-limits.ts';
import { countInputValues } from './input-size.ts';

/** Values that take some milliseconds to be coerced. */
const manyValues = 10_000;

export function useInputLimits(): Plugin {
  return {
    // Coercing many takes a while: others have a turn before.
    onExecute: ({ args }) => (countValues(args) > manyValues ? setImmediate() : undefined),
    onSubscribe({ args }) {
      countValues(args);
    },
  };
}

/** @throws GraphQLError DOCUMENT_TOO_LARGE when there are more than may be. */
function countValues({ document, operationName, variableValues }: ExecutionArgs): number {
  const operation = getOperationAST(document, operationName);
  // What names no operation is refused by execution.
  if (!operation) return 0;
  const limit = operation.operation === 'mutation' ? 'writtenValuesMax' : 'queryValuesMax';
  const max = requestLimits[limit];
  const count = countInputValues(document, operation, variableValues ?? {}, max);
  if (count <= max) return count;
  throw new GraphQLError(
    `The operation may hand over at most ${max} values (${limit}), those of a variable counted ` +
      'at each use, but has more. Ask in parts.',
    { extensions: { code: 'DOCUMENT_TOO_LARGE', limit, max } },
  );
}
