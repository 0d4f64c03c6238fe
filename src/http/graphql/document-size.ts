/**
 * How much a document asks for, told from it alone. Each fragment is measured once, so that a short
 * chain of fragments that double each other is recognised at once instead of being walked a million
 * times.
 */
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql';

export interface DocumentSize {
  /** Levels of nested selections. */
  readonly depth: number;
  /** Fields, those of a fragment counted at each spread. */
  readonly fields: number;
  /** Fields at the root, the largest number of any operation. */
  readonly rootFields: number;
  /** Pairs of selections that validation compares: fields of one name, and fragments. */
  readonly pairs: number;
}

interface SelectionSize {
  readonly depth: number;
  readonly fields: number;
  /** Fields of the selection itself, not of those below them. */
  readonly ownFields: number;
  readonly pairs: number;
}

const nothing: SelectionSize = { depth: 0, fields: 0, ownFields: 0, pairs: 0 };

/** Yoga parses a text once for all requests that send it; so it is measured once too. */
const sizes = new WeakMap<DocumentNode, DocumentSize>();

/** The size of a document, measured when it is first asked for. */
export function sizeOf(document: DocumentNode): DocumentSize {
  const size = sizes.get(document) ?? measureDocument(document);
  sizes.set(document, size);
  return size;
}

/** Measures a document: the largest number of any of its operations. */
function measureDocument(document: DocumentNode): DocumentSize {
  const measure = new Measure(document);
  let size: DocumentSize = { depth: 0, fields: 0, rootFields: 0, pairs: 0 };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, fields, ownFields, pairs } = measure.selections(definition.selectionSet);
    size = {
      depth: Math.max(size.depth, depth),
      fields: Math.max(size.fields, fields),
      rootFields: Math.max(size.rootFields, ownFields),
      pairs: Math.max(size.pairs, pairs),
    };
  }
  return size;
}

class Measure {
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  /** Null while a fragment is being measured: what meets it then is a cycle. */
  readonly #known = new Map<string, SelectionSize | null>();

  constructor(document: DocumentNode) {
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
      .reduce(add, { ...nothing, pairs: pairsIn(selections) });
  }

  #field({ selectionSet }: FieldNode): SelectionSize {
    const inner = selectionSet ? this.selections(selectionSet) : nothing;
    const { depth, fields, pairs } = inner;
    return { depth: depth + 1, fields: fields + 1, ownFields: 1, pairs };
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
    pairs: a.pairs + b.pairs,
  };
}

/** Of selections side by side: fields that share a name in the answer, and fragments. */
function pairsIn(selections: SelectionSetNode['selections']): number {
  const counts = new Map<string, number>();
  let pairs = 0;
  for (const selection of selections) {
    const name = selection.kind === Kind.FIELD ? (selection.alias ?? selection.name).value : '...';
    const before = counts.get(name) ?? 0;
    pairs += before;
    counts.set(name, before + 1);
  }
  return pairs;
}
