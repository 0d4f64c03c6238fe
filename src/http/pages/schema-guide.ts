/** The API that is served, its own kinds included, as a guide. */
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isIntrospectionType,
  isLeafType,
  isSpecifiedScalarType,
  printType,
} from 'graphql';

/** Markdown: each type under a heading of its own, in four groups. */
export function schemaGuide(schema: GraphQLSchema): string {
  const roots = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ].flatMap((root) => root ?? []);
  const others = Object.values(schema.getTypeMap()).filter(
    (type) =>
      !isIntrospectionType(type) &&
      !isSpecifiedScalarType(type) &&
      !roots.some((root) => root === type),
  );
  const groups: readonly (readonly [string, readonly GraphQLNamedType[]])[] = [
    ['Operations', roots],
    ['Answers', others.filter((type) => !isInputObjectType(type) && !isLeafType(type))],
    ['Inputs', others.filter(isInputObjectType)],
    ['Values', others.filter(isLeafType)],
  ];
  const parts = groups.map(
    ([title, types]) => `## ${title}\n\n${types.map(definition).join('\n')}`,
  );
  return `# Schema\n\nThe API of this server, whole. GraphiQL explains the same, word by word.\n
${parts.join('\n')}`;
}

function definition(type: GraphQLNamedType): string {
  return `### ${type.name}\n\n\`\`\`graphql\n${printType(type)}\n\`\`\`\n`;
}
