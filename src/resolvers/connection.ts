/** Relay connections: what a client asks of a list, and the shape of the answer. */
import { BadRequest, limits } from '../db/index.ts';

export interface ConnectionArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/**
 * An edge whose cursor is made when it is asked for: most are shown without. A class, since an
 * accessor of each object of its own takes longer to make than the object.
 */
class LazyEdge<Node> implements Edge<Node> {
  readonly node: Node;
  readonly #cursorOf: (node: Node) => string;

  constructor(node: Node, cursorOf: (node: Node) => string) {
    this.node = node;
    this.#cursorOf = cursorOf;
  }

  get cursor(): string {
    return this.#cursorOf(this.node);
  }
}

export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** How many nodes the whole list has; counted when it is asked for. */
  readonly total: () => number | Promise<number>;
}

export interface PageSize {
  /** How many nodes at most. */
  readonly count: number;
  /** The page is taken from the end of the list. */
  readonly fromEnd: boolean;
}

/** The size of a page whose request names none. */
const pageRowsDefault = 50;

/** @throws BadRequest for both first and last, or a number that is negative or too large. */
export function pageSizeOf({ first, last }: ConnectionArgs): PageSize {
  if (first != null && last != null) {
    throw new BadRequest('last', 'may not be given together with first. Leave one out.');
  }
  const fromEnd = last != null;
  const count = last ?? first ?? pageRowsDefault;
  if (count < 0 || count > limits.pageRowsMax) {
    const argument = fromEnd ? 'last' : 'first';
    throw new BadRequest(argument, `must be from 0 to ${limits.pageRowsMax}, but was ${count}.`);
  }
  return { count, fromEnd };
}

/**
 * A page as a connection. As in the Relay specification's reference, whether the list goes on is
 * told only in the direction in which the page was taken.
 * @param cursorOf the cursor of a node, made when it is asked for.
 */
export function connectionOf<Node>(
  nodes: readonly Node[],
  cursorOf: (node: Node) => string,
  more: boolean,
  fromEnd: boolean,
  total: Connection<Node>['total'],
): Connection<Node> {
  const edges = nodes.map((node) => new LazyEdge(node, cursorOf));
  return {
    edges,
    total,
    pageInfo: {
      hasNextPage: more && !fromEnd,
      hasPreviousPage: more && fromEnd,
      get startCursor() {
        return edges[0]?.cursor ?? null;
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null;
      },
    },
  };
}
