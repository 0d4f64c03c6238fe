/**
 * Whether a query answers the same for ever: every root field says `asOf: { position }`, and what
 * lies below a field answers at the field's moment.
 */
import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFieldMap,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getOperationAST,
  getVariableValues,
  Kind,
  type SelectionNode,
} from 'graphql';
import type { Position } from '../../entities/index.ts';

type Variables = Record<string, unknown>;

/**
 * The last position that a query is pinned to, of a document that is valid.
 * @returns null when it is not: a root field names no moment, another kind of moment, or takes
 *   none; nothing but `__typename` is asked; it is no query; or execution will refuse it.
 */
export function pinnedPosition(args: ExecutionArgs): Position | null {
  const { schema, document, operationName } = args;
  const operation = getOperationAST(document, operationName);
  const fields = schema.getQueryType()?.getFields();
  if (operation?.operation !== 'query' || !fields) return null;
  const definitions = operation.variableDefinitions ?? [];
  const { coerced } = getVariableValues(schema, definitions, args.variableValues ?? {});
  if (!coerced) return null;
  let last: Position | null = null;
  for (const field of rootFields(operation.selectionSet.selections, fragmentsOf(args), coerced)) {
    if (field.name.value === '__typename') continue;
    const position = positionOf(field, fields, coerced);
    if (position === null) return null;
    last = Math.max(last ?? 0, position) as Position;
  }
  return last;
}

function positionOf(
  node: FieldNode,
  fields: GraphQLFieldMap<unknown, unknown>,
  variables: Variables,
): Position | null {
  // Introspection tells of the server, which changes without the log.
  const field = fields[node.name.value];
  if (!field) return null;
  const { asOf } = valuesOf(() => getArgumentValues(field, node, variables));
  return (asOf as { position?: Position | null } | null | undefined)?.position ?? null;
}

/** Arguments that execution will refuse, in words of its own, are none here. */
function valuesOf(read: () => Variables | undefined): Variables {
  try {
    return read() ?? {};
  } catch {
    return {};
  }
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function fragmentsOf({ document }: ExecutionArgs): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** The fields that are executed at the root; a fragment's once, as execution has it. */
function* rootFields(
  selections: readonly SelectionNode[],
  fragments: Fragments,
  variables: Variables,
  visited = new Set<string>(),
): Generator<FieldNode, void> {
  for (const selection of selections) {
    if (isLeftOut(selection, variables)) continue;
    if (selection.kind === Kind.FIELD) {
      yield selection;
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      yield* rootFields(selection.selectionSet.selections, fragments, variables, visited);
    } else if (!visited.has(selection.name.value)) {
      visited.add(selection.name.value);
      const inner = fragments.get(selection.name.value)?.selectionSet.selections ?? [];
      yield* rootFields(inner, fragments, variables, visited);
    }
  }
}

function isLeftOut(node: SelectionNode, variables: Variables): boolean {
  const skip = valuesOf(() => getDirectiveValues(GraphQLSkipDirective, node, variables));
  const include = valuesOf(() => getDirectiveValues(GraphQLIncludeDirective, node, variables));
  return skip.if === true || include.if === false;
}
