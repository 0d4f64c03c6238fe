/** Refuses documents that ask for too much, before anything of them runs. */
import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { requestLimits } from '../server/request-limits.ts';
import { type DocumentSize, measureDocument } from './document-size.ts';
import { measureTokens } from './document-tokens.ts';
import { estimateNodes, holdsFor, type NodesEstimate } from './operation-nodes.ts';

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

/** Yoga parses a text once for all requests that send it; so it is measured once too. */
const sizes = new WeakMap<DocumentNode, DocumentSize>();

function sizeOf(document: DocumentNode): DocumentSize {
  const size = sizes.get(document) ?? measureDocument(document);
  sizes.set(document, size);
  return size;
}

/** What an operation was estimated at last: many clients send the same page sizes again and again. */
const estimates = new WeakMap<OperationDefinitionNode, NodesEstimate>();

/** Page sizes may be variables: then what they allow is known only when the operation runs. */
function refuseTooManyNodes(args: ExecutionArgs): void {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  const variables = variableValues ?? {};
  let estimate = estimates.get(operation);
  if (!estimate || !holdsFor(estimate, variables)) {
    estimate = estimateNodes(schema, document, operation, variables);
    if (holdsFor(estimate, variables)) estimates.set(operation, estimate);
  }
  const refused = exceeded('operationNodesMax', 'objects in its lists', estimate.nodes);
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
