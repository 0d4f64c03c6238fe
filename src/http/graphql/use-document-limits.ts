/** Refuses documents that ask for too much, before anything of them runs. */
import { type ExecutionArgs, GraphQLError, parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { requestLimits } from '../server/request-limits.ts';
import { sizeOf } from './document-size.ts';
import { measureTokens } from './document-tokens.ts';
import { nodesOf } from './operation-cost.ts';

export function useDocumentLimits(): Plugin {
  return {
    onParse: ({ setParseFn }) =>
      setParseFn((source, options) => {
        const { tokens, nesting } = measureTokens(source, requestLimits.documentTokensMax);
        const refused =
          exceeded('documentTokensMax', 'tokens', tokens) ??
          exceeded('documentNestingMax', 'levels of brackets', nesting);
        if (refused) throw refused;
        return parse(source, options);
      }),
    onValidate: ({ params, setResult }) => {
      const size = sizeOf(params.documentAST);
      const refused =
        exceeded('documentDepthMax', 'levels of selections', size.depth) ??
        exceeded('documentFieldsMax', 'fields, fragments spread out', size.fields) ??
        exceeded('documentRootFieldsMax', 'root fields', size.rootFields) ??
        exceeded('documentPairsMax', 'pairs of selections that may be the same', size.pairs);
      if (refused) setResult([refused]);
    },
    onExecute: ({ args }) => refuseTooManyNodes(args),
    onSubscribe: ({ args }) => refuseTooManyNodes(args),
  };
}

function refuseTooManyNodes(args: ExecutionArgs): void {
  const refused = exceeded('operationNodesMax', 'objects in its lists', nodesOf(args));
  if (refused) throw refused;
}

function exceeded(
  limit: keyof typeof requestLimits,
  what: string,
  measured: number,
): GraphQLError | null {
  const max = requestLimits[limit];
  if (measured <= max) return null;
  return new GraphQLError(
    `The document may have at most ${max} ${what} (${limit}), but has ${measured}. Ask for less.`,
    { extensions: { code: 'DOCUMENT_TOO_LARGE', limit, max } },
  );
}
