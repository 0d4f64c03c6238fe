/**
 * How much a document asks for. Each fragment is measured once, so that a short chain of fragments
 * that double each other is recognised at once instead of being walked a million times.
 */
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export interface DocumentSize {
  /** Levels of nested selections. */
  readonly depth: number;
  /** Fields, those of a fragment counted at each spread. */
  readonly fields: number;
  /** Fields at the root, the largest number of any operation. */
  readonly rootFields: number;
  /** Nodes that the page sizes allow, nested pages multiplied. */
  readonly nodes: number;
  /** Whether a page size is a variable, so that the nodes depend on its value. */
  readonly variable: boolean;
}

interface SelectionSize {
  readonly depth: number;
  readonly fields: number;
  /** Fields of the selection itself, not of those below them. */
  readonly ownFields: number;
  readonly nodes: number;
  /** Nodes per edge, where the selection is one of a connection: the page size multiplies them. */
  readonly nodesPerEdge: number;
}

/** What a connection gives when no size is asked for. */
const pageRowsDefault = 50;
const nothing: SelectionSize = { depth: 0, fields: 0, ownFields: 0, nodes: 0, nodesPerEdge: 0 };

/**
 * Measures a document.
 * @param variables their values, where they are known: a page size may be one of them.
 */
export function measureDocument(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>> = {},
): DocumentSize {
  let size: DocumentSize = { depth: 0, fields: 0, rootFields: 0, nodes: 0, variable: false };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const measure = new Measure(document, { ...defaultsOf(definition), ...variables });
    const { depth, fields, ownFields, nodes } = measure.selections(definition.selectionSet);
    size = {
      depth: Math.max(size.depth, depth),
      fields: Math.max(size.fields, fields),
      rootFields: Math.max(size.rootFields, ownFields),
      nodes: Math.max(size.nodes, nodes),
      variable: size.variable || measure.metVariable,
    };
  }
  return size;
}

/** Values of the variables that the request leaves out, of those that can be page sizes. */
function defaultsOf({ variableDefinitions }: OperationDefinitionNode): Record<string, number> {
  const defaults: Record<string, number> = {};
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    if (defaultValue?.kind !== Kind.INT) continue;
    defaults[variable.name.value] = Number(defaultValue.value);
  }
  return defaults;
}

class Measure {
  /** Whether a page size that was met is a variable. */
  metVariable = false;
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  readonly #variables: Readonly<Record<string, unknown>>;
  /** Null while a fragment is being measured: what meets it then is a cycle. */
  readonly #known = new Map<string, SelectionSize | null>();

  constructor(document: DocumentNode, variables: Readonly<Record<string, unknown>>) {
    this.#variables = variables;
    this.#fragments = new Map(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION
          ? [[definition.name.value, definition.selectionSet] as const]
          : [],
      ),
    );
  }

  selections({ selections }: SelectionSetNode): SelectionSize {
    return selections
      .map((selection) => {
        if (selection.kind === Kind.FIELD) return this.#field(selection);
        if (selection.kind === Kind.INLINE_FRAGMENT) return this.selections(selection.selectionSet);
        return this.#fragment(selection.name.value);
      })
      .reduce(add, nothing);
  }

  #field(field: FieldNode): SelectionSize {
    const inner = field.selectionSet ? this.selections(field.selectionSet) : nothing;
    const nodes = 1 + inner.nodes + inner.nodesPerEdge * this.#pageSize(field);
    const size = { depth: inner.depth + 1, fields: inner.fields + 1, ownFields: 1 };
    return field.name.value === 'edges'
      ? { ...size, nodes: 0, nodesPerEdge: nodes }
      : { ...size, nodes: field.selectionSet ? nodes : 0, nodesPerEdge: 0 };
  }

  #pageSize(field: FieldNode): number {
    for (const { name, value } of field.arguments ?? []) {
      if (name.value !== 'first' && name.value !== 'last') continue;
      this.metVariable ||= value.kind === Kind.VARIABLE;
      const given =
        value.kind === Kind.VARIABLE
          ? this.#variables[value.name.value]
          : value.kind === Kind.INT && Number(value.value);
      if (typeof given === 'number') return Math.max(given, 0);
    }
    return pageRowsDefault;
  }

  #fragment(name: string): SelectionSize {
    const known = this.#known.get(name);
    if (known !== undefined) return known ?? nothing;
    const selectionSet = this.#fragments.get(name);
    if (!selectionSet) return nothing;
    this.#known.set(name, null);
    const size = this.selections(selectionSet);
    this.#known.set(name, size);
    return size;
  }
}

function add(a: SelectionSize, b: SelectionSize): SelectionSize {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    ownFields: a.ownFields + b.ownFields,
    nodes: a.nodes + b.nodes,
    nodesPerEdge: a.nodesPerEdge + b.nodesPerEdge,
  };
}
