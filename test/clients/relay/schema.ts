import { parse, print, visit } from 'graphql';

/** The schema for Relay's compiler: it refetches through `node` only where that takes an id alone. */
export function schemaForRelay(schema: string): string {
  return print(
    visit(parse(schema), {
      FieldDefinition: (field) =>
        field.name.value === 'node'
          ? { ...field, arguments: field.arguments?.slice(0, 1) }
          : undefined,
    }),
  );
}
