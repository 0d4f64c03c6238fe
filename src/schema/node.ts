/** Records of any kind: the interface that all of them have, and the query by it. */
import type { InterfaceRef } from '@pothos/core';
import { nodeIdOf, type RecordAt, readNode } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import type { SharedInputs } from './inputs.ts';

export type NodeType = InterfaceRef<BuilderTypes, RecordAt>;

export function addNode(builder: Builder): NodeType {
  return builder.interfaceRef<RecordAt>('Node').implement({
    description: 'A record of any kind.',
    resolveType: ({ version }) => version.entity.name,
    fields: (t) => ({
      nodeId: t.id({
        description: 'An id that no record of another kind shares. Opaque.',
        resolve: ({ version }) => nodeIdOf(version),
      }),
    }),
  });
}

export function addNodeQuery(builder: Builder, node: NodeType, inputs: SharedInputs): void {
  builder.queryField('node', (t) =>
    t.field({
      type: node,
      nullable: true,
      description: 'The record with a nodeId, whatever its kind; null when there is none.',
      args: {
        nodeId: t.arg.id({ required: true, description: 'What `nodeId` of the record said.' }),
        asOf: t.arg({ type: inputs.asOf, description: 'As it was at this moment.' }),
      },
      resolve: (_root, args, { operation }) => readNode(args, operation),
    }),
  );
}
