/** Selections of everything that a schema has, and which parts of it documents ask for. */
import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Arguments of fields, as they stand in a document, by `Type.field`; null: it is not selected. */
export type ArgumentsOf = (type: string, field: string) => string | null;

/**
 * A selection of all fields of a type, and of all that they lead to.
 * @param depth how many types deep; connections, edges and pages do not count.
 */
export function wholeSelection(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  depth: number,
  argumentsOf: ArgumentsOf,
): string {
  if (isLeafType(type)) return '';
  // Fields of one name may differ from one type of an interface to the next: each has another there.
  const ofObject = (object: GraphQLObjectType, alias: string) =>
    Object.values(object.getFields())
      .flatMap((field) => {
        const leads = getNamedType(field.type);
        const name = alias ? `${alias}${field.name}: ${field.name}` : field.name;
        const args = argumentsOf(object.name, field.name);
        if (args === null) return [];
        if (args === '' && field.args.some(isRequiredArgument)) {
          throw new Error(`No case says how to ask for ${object.name}.${field.name}.`);
        }
        if (isLeafType(leads)) return `${name}${args}`;
        const left = /Connection$|Edge$|Page$|PageInfo$/.test(leads.name) ? depth : depth - 1;
        if (left < 0) return [];
        return `${name}${args} ${wholeSelection(schema, leads, left, argumentsOf)}`;
      })
      .join(' ');
  if (isObjectType(type)) return `{ ${ofObject(type, '')} }`;
  if (!isAbstractType(type)) throw new Error(`${type.name} cannot be selected.`);
  const parts = schema
    .getPossibleTypes(type)
    .map((object) => `... on ${object.name} { ${ofObject(object, `${object.name}_`)} }`);
  return `{ __typename ${parts.join(' ')} }`;
}

/** Every field and argument of a schema: `Type.field` and `Type.field(argument)`. */
export function partsOfSchema(schema: GraphQLSchema): Set<string> {
  const parts = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const { name, args } of Object.values(type.getFields())) {
      parts.add(`${type.name}.${name}`);
      for (const argument of args) parts.add(`${type.name}.${name}(${argument.name})`);
    }
  }
  return parts;
}

/** Those that a document asks for. */
export function partsOfDocument(schema: GraphQLSchema, document: DocumentNode): Set<string> {
  const parts = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: ({ name, arguments: given = [] }) => {
        const parent = info.getParentType();
        if (!parent || isInterfaceType(parent) || name.value.startsWith('__')) return;
        parts.add(`${parent.name}.${name.value}`);
        for (const argument of given) {
          parts.add(`${parent.name}.${name.value}(${argument.name.value})`);
        }
      },
    }),
  );
  return parts;
}
