/**
 * How many values an operation hands over to its fields, told before any of them is read: each
 * scalar, list and object counts, in literals as in variables. A variable counts at each use, as
 * each field that it is given to works on all of it; a fragment at each spread.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Counts the values of one operation of a document.
 * @param variables as they were sent.
 * @param max how far it counts: past it the result is any larger number.
 */
export function countInputValues(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  max: number,
): number {
  return new InputCount(document, operation, variables, max).of(operation.selectionSet);
}

class InputCount {
  readonly #max: number;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #operation: OperationDefinitionNode;
  readonly #variables: Variables;
  readonly #knownVariables = new Map<string, number>();
  /** Zero while a fragment is being counted: what meets it then is a cycle. */
  readonly #knownFragments = new Map<string, number>();

  constructor(
    { definitions }: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Variables,
    max: number,
  ) {
    this.#max = max;
    this.#operation = operation;
    this.#variables = variables;
    this.#fragments = new Map(
      definitions.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
      ),
    );
  }

  of({ selections }: SelectionSetNode): number {
    let count = 0;
    for (const selection of selections) {
      if (count > this.#max) break;
      if (selection.kind === Kind.FIELD) count += this.#field(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) count += this.of(selection.selectionSet);
      else count += this.#fragment(selection.name.value);
    }
    return count;
  }

  #field({ arguments: args, selectionSet }: FieldNode): number {
    let count = selectionSet ? this.of(selectionSet) : 0;
    for (const { value } of args ?? []) count += this.#literal(value);
    return count;
  }

  #fragment(name: string): number {
    const known = this.#knownFragments.get(name);
    if (known !== undefined) return known;
    this.#knownFragments.set(name, 0);
    const fragment = this.#fragments.get(name);
    const count = fragment ? this.of(fragment.selectionSet) : 0;
    this.#knownFragments.set(name, count);
    return count;
  }

  /** Documents are known to be shallow before they are parsed. */
  #literal(node: ValueNode): number {
    if (node.kind === Kind.VARIABLE) return this.#variable(node.name.value);
    let count = 1;
    if (node.kind === Kind.LIST) for (const each of node.values) count += this.#literal(each);
    if (node.kind === Kind.OBJECT)
      for (const each of node.fields) count += this.#literal(each.value);
    return count;
  }

  #variable(name: string): number {
    const known = this.#knownVariables.get(name);
    if (known !== undefined) return known;
    const count = Object.hasOwn(this.#variables, name)
      ? countJson(this.#variables[name], this.#max)
      : this.#default(name);
    this.#knownVariables.set(name, count);
    return count;
  }

  #default(name: string): number {
    const definitions = this.#operation.variableDefinitions ?? [];
    const preset = definitions.find(({ variable }) => variable.name.value === name)?.defaultValue;
    return preset ? this.#literal(preset) : 0;
  }
}

/** Without recursion: nobody knows how deep a variable is nested. */
function countJson(value: unknown, max: number): number {
  const open = [value];
  let count = 0;
  while (open.length > 0 && count <= max) {
    const next = open.pop();
    count += 1;
    if (typeof next !== 'object' || next === null) continue;
    const inner: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (count + open.length + inner.length > max) return max + 1;
    for (const each of inner) open.push(each);
  }
  return count;
}
