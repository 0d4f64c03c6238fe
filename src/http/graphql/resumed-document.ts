/** Where a subscription goes on that was broken off: an EventSource tells in a header of its own. */
import {
  type ArgumentNode,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { BadRequest } from '../../db/index.ts';

/**
 * The document as if it had asked for what follows an event. An EventSource opens one URL again and
 * again, so what that says of where to begin, a position or a snapshot, was for the first time.
 * @param lastEventId the position that the last event had as its id.
 * @returns the same document where the subscription has no `after`.
 * @throws BadRequest for an id that no event had.
 */
export function resumedDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  lastEventId: string,
): DocumentNode {
  if (!/^\d{1,16}$/.test(lastEventId)) {
    const got = JSON.stringify(lastEventId.slice(0, 80));
    throw new BadRequest(
      'Last-Event-ID',
      `must be the id of an event, a position, but was ${got}.`,
    );
  }
  const types = new TypeInfo(schema);
  const root = schema.getSubscriptionType();
  return visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const hasAfter = types.getFieldDef()?.args.some(({ name }) => name === 'after');
        if (types.getParentType() !== root || !hasAfter) return;
        const others = node.arguments?.filter(({ name }) => !replaced.includes(name.value)) ?? [];
        return { ...node, arguments: [...others, afterArgument(lastEventId)] };
      },
    }),
  );
}

const replaced = ['after', 'snapshot'];

function afterArgument(position: string): ArgumentNode {
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'after' },
    value: { kind: Kind.STRING, value: position },
  };
}
