/**
 * Names the argument that a literal of the wrong kind is for, as in `filter.createdAt.lt`: graphql-js
 * tells where in the document it stands, which a program that builds its documents cannot use. It
 * names variables itself.
 */
import { type ASTNode, type DocumentNode, GraphQLError, Kind, visit } from 'graphql';
import type { Plugin } from 'graphql-yoga';

export function useArgumentNames(): Plugin {
  return {
    onValidate:
      ({ params }) =>
      ({ valid, result, setResult }) => {
        if (valid) return;
        const names = argumentNames(params.documentAST, result as readonly GraphQLError[]);
        setResult(
          result.map((error) => {
            const name = names.get(error.nodes?.[0] as ASTNode);
            return name === undefined ? error : naming(name, error);
          }),
        );
      },
  };
}

/** The names of the arguments that errors are about, by the value that is wrong. */
function argumentNames(
  document: DocumentNode,
  errors: readonly GraphQLError[],
): Map<ASTNode, string> {
  const wrong = new Set(errors.flatMap(({ nodes }) => nodes?.[0] ?? []).filter(isValue));
  const names = new Map<ASTNode, string>();
  if (wrong.size === 0) return names;
  visit(document, {
    enter(node, _key, parent, path, ancestors) {
      if (!wrong.has(node)) return;
      const above = [...ancestors, parent ?? [], node];
      const parts = above.map((each, depth) => nameOf(each, path[depth - 1]));
      names.set(node, parts.filter((part) => part !== null).join('.'));
    },
  });
  return names;
}

/** What a node on the way to a value adds to its name. @param place under which it stands. */
function nameOf(node: ASTNode | readonly ASTNode[], place: string | number | undefined) {
  if (!('kind' in node)) return null;
  if (node.kind === Kind.VARIABLE_DEFINITION) return `$${node.variable.name.value}`;
  if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) return node.name.value;
  return isValue(node) && typeof place === 'number' ? String(place) : null;
}

function isValue({ kind }: ASTNode): boolean {
  return kind.endsWith('Value');
}

function naming(argument: string, error: GraphQLError): GraphQLError {
  return new GraphQLError(`${argument}: ${error.message}`, {
    nodes: error.nodes ?? null,
    extensions: { ...error.extensions, argument },
  });
}
