/**
 * How many objects an operation may answer with, before it runs: what its page sizes, inputs and
 * intervals allow, nested ones multiplied. The schema says on its fields how many objects a list
 * may have (`rowsOf` in src/schema), and what else is as much work. Each fragment is measured once, as documents are.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isIntrospectionType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  typeFromAST,
  type ValueNode,
} from 'graphql';
import { introspectionRows } from './introspection-rows.ts';

export interface NodesEstimate {
  readonly nodes: number;
  /** The variables among the arguments that decide on them: it holds for these values of them. */
  readonly variables: Values;
}

type Values = Readonly<Record<string, unknown>>;

/** What a field's `extensions.rows` says of its list, or of the page that its object is. */
type Rows = 'page' | ((args: Values) => number);

/** Objects of a selection. */
interface Nodes {
  readonly nodes: number;
  /** Those of each row of the page that the selection is of: its size multiplies them. */
  readonly perRow: number;
}

const none: Nodes = { nodes: 0, perRow: 0 };

/** @param variables as they came, before they are coerced. */
export function estimateNodes(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Values,
): NodesEstimate {
  const root = schema.getRootType(operation.operation);
  if (!root) return { nodes: 0, variables: {} };
  const estimate = new Estimate(schema, document, { ...defaultsOf(operation), ...variables });
  const { nodes, perRow } = estimate.selections(operation.selectionSet, root);
  const met = [...estimate.metVariables].map((name) => [name, variables[name]] as const);
  return { nodes: nodes + perRow, variables: Object.fromEntries(met) };
}

/**
 * Whether an estimate is known to hold for other variables, too. Only numbers, and what is left out,
 * are compared: so an estimate that is kept keeps nothing large.
 */
export function holdsFor({ variables }: NodesEstimate, others: Values): boolean {
  return Object.entries(variables).every(
    ([name, value]) => (value == null || typeof value === 'number') && value === others[name],
  );
}

function defaultsOf({ variableDefinitions }: OperationDefinitionNode): Values {
  return Object.fromEntries(
    (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue ? [[variable.name.value, literal(defaultValue)]] : [],
    ),
  );
}

class Estimate {
  /** The variables among the arguments that were looked at. */
  readonly metVariables = new Set<string>();
  readonly #schema: GraphQLSchema;
  readonly #variables: Values;
  readonly #fragments = new Map<string, { type: GraphQLCompositeType; set: SelectionSetNode }>();
  readonly #known = new Map<string, Nodes>();

  constructor(schema: GraphQLSchema, { definitions }: DocumentNode, variables: Values) {
    this.#schema = schema;
    this.#variables = variables;
    for (const definition of definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const type = typeFromAST(schema, definition.typeCondition);
      if (!isCompositeType(type)) continue;
      this.#fragments.set(definition.name.value, { type, set: definition.selectionSet });
    }
  }

  selections({ selections }: SelectionSetNode, parent: GraphQLCompositeType): Nodes {
    let [nodes, perRow, typeNames] = [0, 0, 0];
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD && selection.name.value === TypeNameMetaFieldDef.name) {
        typeNames += 1;
        continue;
      }
      const inner = this.#selection(selection, parent);
      nodes += inner.nodes;
      perRow += inner.perRow;
    }
    // No resolver sees these, so nothing counts them while the answer is made.
    return { nodes: nodes + Math.max(typeNames - 1, 0), perRow };
  }

  #selection(
    selection: SelectionSetNode['selections'][number],
    parent: GraphQLCompositeType,
  ): Nodes {
    if (selection.kind === Kind.FIELD) return this.#field(selection, parent);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#fragment(selection.name.value);
    const { typeCondition, selectionSet } = selection;
    const type = typeCondition ? typeFromAST(this.#schema, typeCondition) : parent;
    return isCompositeType(type) ? this.selections(selectionSet, type) : none;
  }

  #field(node: FieldNode, parent: GraphQLCompositeType): Nodes {
    const field = this.#definition(node.name.value, parent);
    const type = field && getNamedType(field.type);
    if (!field || !node.selectionSet || !isCompositeType(type)) return none;
    const inner = this.selections(node.selectionSet, type);
    const rows = this.#rows(field, parent);
    if (rows === 'page') return { nodes: 0, perRow: 1 + inner.nodes + inner.perRow };
    const size = typeof rows === 'function' ? rows(this.#arguments(field, node)) : 1;
    const work = Number(field.extensions.work ?? 0);
    return isListType(getNullableType(field.type))
      ? { nodes: size * (1 + inner.nodes + inner.perRow), perRow: 0 }
      : { nodes: 1 + work + inner.nodes + size * inner.perRow, perRow: 0 };
  }

  #definition(
    name: string,
    parent: GraphQLCompositeType,
  ): GraphQLField<unknown, unknown> | undefined {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return 'getFields' in parent ? parent.getFields()[name] : undefined;
  }

  #rows(field: GraphQLField<unknown, unknown>, parent: GraphQLCompositeType): Rows | undefined {
    if (!isIntrospectionType(parent)) return field.extensions.rows as Rows | undefined;
    const rows = introspectionRows(this.#schema).get(field.name);
    return rows === undefined ? undefined : () => rows;
  }

  /** The arguments as they were given, with the schema's defaults. */
  #arguments(field: GraphQLField<unknown, unknown>, { arguments: given = [] }: FieldNode): Values {
    const values: Record<string, unknown> = {};
    for (const { name, defaultValue } of field.args) values[name] = defaultValue;
    for (const { name, value } of given) {
      if (value.kind === Kind.VARIABLE) this.metVariables.add(value.name.value);
      const known =
        value.kind === Kind.VARIABLE ? this.#variables[value.name.value] : literal(value);
      if (known !== undefined) values[name.value] = known;
    }
    return values;
  }

  #fragment(name: string): Nodes {
    const known = this.#known.get(name);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    if (!fragment) return none;
    // A document that was validated has no cycles; should one come here, it ends.
    this.#known.set(name, none);
    const nodes = this.selections(fragment.set, fragment.type);
    this.#known.set(name, nodes);
    return nodes;
  }
}

/** A literal as far as it says how many: of a list no more than its length matters. */
function literal(node: ValueNode): unknown {
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.STRING || node.kind === Kind.ENUM) return node.value;
  if (node.kind === Kind.LIST) return node.values;
  return node.kind === Kind.NULL ? null : undefined;
}
