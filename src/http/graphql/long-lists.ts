/**
 * Lists of many values in variables, coerced in turns of the event loop: graphql-js coerces all variables in
 * one stretch, in which nobody else is served.
 */
import {
  coerceInputValue,
  type ExecutionArgs,
  type GraphQLInputType,
  GraphQLScalarType,
  type GraphQLSchema,
  getNullableType,
  getOperationAST,
  isListType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type TypeNode,
  typeFromAST,
} from 'graphql';
import { turns } from '../../db/index.ts';

/** Lists of fewer values are coerced within a millisecond or two. */
const longListLength = 500;

/** What was coerced before is handed to graphql-js as of this type, which takes it as it is. No schema has it. */
const coercedType = new GraphQLScalarType({ name: '__Coerced' });
const coercedNode: NamedTypeNode = {
  kind: Kind.NAMED_TYPE,
  name: { kind: Kind.NAME, value: coercedType.name },
};

export function hasLongList({ variableValues }: ExecutionArgs): boolean {
  return Object.values(variableValues ?? {}).some(isLong);
}

/**
 * @returns what executes the same, its long lists coerced; as it was where one cannot be coerced, since
 *   graphql-js says best why.
 */
export async function coerceLongLists(args: ExecutionArgs): Promise<ExecutionArgs> {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  const coerced = new Map<string, readonly unknown[]>();
  for (const { variable, type } of operation?.variableDefinitions ?? []) {
    const given = variableValues?.[variable.name.value];
    const itemType = itemTypeOf(schema, type);
    if (!isLong(given) || !itemType) continue;
    const items = await coerceItems(given, itemType);
    if (!items) return args;
    coerced.set(variable.name.value, items);
  }
  const definitions = document.definitions.map((definition) =>
    definition === operation ? takingAsTheyAre(operation, coerced) : definition,
  );
  return {
    ...args,
    schema: knowingCoerced(schema),
    document: { ...document, definitions },
    variableValues: { ...variableValues, ...Object.fromEntries(coerced) },
  };
}

/** An operation that takes some of its variables as they are. */
function takingAsTheyAre(
  operation: OperationDefinitionNode,
  names: ReadonlyMap<string, unknown>,
): OperationDefinitionNode {
  const variableDefinitions = operation.variableDefinitions?.map((definition) =>
    names.has(definition.variable.name.value) ? { ...definition, type: coercedNode } : definition,
  );
  return { ...operation, ...(variableDefinitions && { variableDefinitions }) };
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > longListLength;
}

/** Null for what is no list. */
function itemTypeOf(schema: GraphQLSchema, node: TypeNode): GraphQLInputType | null {
  const type = getNullableType(typeFromAST(schema, node as NamedTypeNode));
  return isListType(type) ? (type.ofType as GraphQLInputType) : null;
}

/** Null where one of them is not of the type. */
async function coerceItems(
  values: readonly unknown[],
  type: GraphQLInputType,
): Promise<readonly unknown[] | null> {
  let isWrong = false;
  const wrong = () => {
    isWrong = true;
  };
  const items = await turns.map(values, (value) =>
    isWrong ? null : coerceInputValue(value, type, wrong),
  );
  return isWrong ? null : items;
}

/** The same schema, which knows one type more by its name. */
function knowingCoerced(schema: GraphQLSchema): GraphQLSchema {
  const getType = (name: string) =>
    name === coercedType.name ? coercedType : schema.getType(name);
  return Object.create(schema, { getType: { value: getType } });
}
