/** Refuses operations that hand over too many values, before any of them is read. */
import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { countInputValues } from './input-size.ts';
import { requestLimits } from './request-limits.ts';

export function useInputLimits(): Plugin {
  return {
    onExecute: ({ args }) => refuseTooManyValues(args),
    onSubscribe: ({ args }) => refuseTooManyValues(args),
  };
}

function refuseTooManyValues({ document, operationName, variableValues }: ExecutionArgs): void {
  const operation = getOperationAST(document, operationName);
  // What names no operation is refused by execution.
  if (!operation) return;
  const limit = operation.operation === 'mutation' ? 'writtenValuesMax' : 'queryValuesMax';
  const max = requestLimits[limit];
  const count = countInputValues(document, operation, variableValues ?? {}, max);
  if (count <= max) return;
  throw new GraphQLError(
    `The operation may hand over at most ${max} values (${limit}), those of a variable counted ` +
      'at each use, but has more. Ask in parts.',
    { extensions: { code: 'DOCUMENT_TOO_LARGE', limit, max } },
  );
}
