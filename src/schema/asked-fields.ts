/** What a client selected below a field, for what is only worked out when it is asked for. */
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** The names of all fields selected below a field, at any depth, those of fragments included. */
export function askedFields({ fieldNodes, fragments }: GraphQLResolveInfo): ReadonlySet<string> {
  const names = new Set<string>();
  const entered = new Set<string>();
  const enter = (selections: SelectionSetNode | undefined): void => {
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const { value } = selection.name;
        // Each fragment once: fragments that double each other would be walked a million times.
        if (entered.has(value)) continue;
        entered.add(value);
        enter(fragments[value]?.selectionSet);
      } else {
        if (selection.kind === Kind.FIELD) names.add(selection.name.value);
        enter(selection.selectionSet);
      }
    }
  };
  for (const { selectionSet } of fieldNodes) enter(selectionSet);
  return names;
}
