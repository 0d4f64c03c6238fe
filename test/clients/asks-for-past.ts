import { BREAK, type DocumentNode, visit } from 'graphql';

/** Whether an operation asks for anything as of the past. */
export function asksForPast(document: DocumentNode, variables: Record<string, unknown>): boolean {
  let past = false;
  visit(document, {
    OperationDefinition: ({ operation }) => (operation === 'query' ? undefined : false),
    Argument({ name, value }) {
      if (name.value !== 'asOf' || value.kind === 'NullValue') return undefined;
      if (value.kind === 'Variable' && variables[value.name.value] == null) return undefined;
      past = true;
      return BREAK;
    },
  });
  return past;
}
