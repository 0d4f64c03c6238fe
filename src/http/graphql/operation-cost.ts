/** What an operation may cost: how many objects its lists may have, and those beside them. */
import { type ExecutionArgs, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { estimateNodes, holdsFor, type NodesEstimate } from './operation-nodes.ts';

/** What an operation was estimated at last: many clients send the same page sizes again and again. */
const estimates = new WeakMap<OperationDefinitionNode, NodesEstimate>();

/**
 * Objects that an operation may answer with; 0 for what names no operation. Page sizes may be
 * variables: then it is known only when the operation runs.
 */
export function nodesOf(args: ExecutionArgs): number {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  if (!operation) return 0;
  const variables = variableValues ?? {};
  let estimate = estimates.get(operation);
  if (!estimate || !holdsFor(estimate, variables)) {
    estimate = estimateNodes(schema, document, operation, variables);
    if (holdsFor(estimate, variables)) estimates.set(operation, estimate);
  }
  return estimate.nodes;
}

/** The cost of an operation: its objects, and 1 where it has none. */
export function costOf(args: ExecutionArgs): number {
  return Math.max(1, nodesOf(args));
}
