/** Relay connection types. */
import type { InterfaceParam, ObjectParam, ObjectRef } from '@pothos/core';
import { type GraphQLResolveInfo, Kind } from 'graphql';
import type { Connection, ConnectionArgs, Edge } from '../resolvers/index.ts';
import type { ArgBuilder, Builder, BuilderTypes } from './builder.ts';
import { pageRows } from './rows.ts';

type NodeType<Node> =
  | ObjectParam<BuilderTypes>
  | InterfaceParam<BuilderTypes>
  | ObjectRef<BuilderTypes, Node>;

export class Connections {
  readonly #builder: Builder;
  readonly #pageInfo: ObjectRef<BuilderTypes, Connection<unknown>['pageInfo']>;

  constructor(builder: Builder) {
    this.#builder = builder;
    this.#pageInfo = builder.objectRef<Connection<unknown>['pageInfo']>('PageInfo').implement({
      description: 'Where a page lies in its list.',
      fields: (t) => ({
        hasNextPage: t.exposeBoolean('hasNextPage', {
          description: 'Whether the list goes on after a page taken with `first`.',
        }),
        hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
          description: 'Whether the list goes on before a page taken with `last`.',
        }),
        startCursor: t.exposeString('startCursor', {
          nullable: true,
          description: 'The cursor of the first edge; null on an empty page.',
        }),
        endCursor: t.exposeString('endCursor', {
          nullable: true,
          description: 'The cursor of the last edge; null on an empty page.',
        }),
      }),
    });
  }

  /** The types `<name>Connection` and `<name>Edge` of a list of nodes. */
  of<Node>(name: string, node: NodeType<Node>): ObjectRef<BuilderTypes, Connection<Node>> {
    const edge = this.#builder.objectRef<Edge<Node>>(`${name}Edge`).implement({
      description: `One ${name} in a list, and its place there.`,
      fields: (t) => ({
        cursor: t.exposeString('cursor', {
          description: 'Give it as `after` or `before` to go on from here. Opaque.',
        }),
        node: t.field({
          type: node as ObjectRef<BuilderTypes, Node>,
          description: `The ${name}.`,
          resolve: (parent) => parent.node as never,
        }),
      }),
    });
    return this.#builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
      description: `A page of a list of ${name}, as the Relay specification has it.`,
      fields: (t) => ({
        edges: t.field({
          type: [edge],
          description: 'The page, in the order of the list.',
          extensions: pageRows,
          resolve: (parent) => [...parent.edges],
        }),
        pageInfo: t.field({
          type: this.#pageInfo,
          description: 'Where the page lies in the list.',
          resolve: (parent) => parent.pageInfo,
        }),
        totalCount: t.int({
          description: 'How many there are in the whole list, counted at the position of the page.',
          resolve: (parent) => parent.total(),
        }),
      }),
    });
  }
}

/** The arguments of a field that pages in both directions. */
export function pagingArgs(t: ArgBuilder, firstDefault?: number) {
  const preset = firstDefault === undefined ? {} : { defaultValue: firstDefault };
  return {
    first: t.int({ description: 'How many from the beginning, at most 1,000.', ...preset }),
    after: t.string({ description: 'Go on after this cursor.' }),
    last: t.int({
      description: 'How many from the end, at most 1,000. Not together with `first`.',
    }),
    before: t.string({ description: 'Stay before this cursor.' }),
  };
}

/** The arguments without a `first` that is only its default: beside `last` nobody asked for it. */
export function askedPaging<Args extends Pick<ConnectionArgs, 'first' | 'last'>>(
  args: Args,
  { fieldNodes, variableValues }: GraphQLResolveInfo,
): Args {
  const first = fieldNodes[0]?.arguments?.find(({ name }) => name.value === 'first')?.value;
  const asked = first?.kind === Kind.VARIABLE ? first.name.value in variableValues : first;
  return args.last == null || asked ? args : { ...args, first: null };
}
