/** How many objects the lists of introspection have, on average: known, since the schema is. */
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';

const known = new WeakMap<GraphQLSchema, ReadonlyMap<string, number>>();

/** By the name of the list, such as `fields`; rounded up. */
export function introspectionRows(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const rows = known.get(schema) ?? countRows(schema);
  known.set(schema, rows);
  return rows;
}

function countRows(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const types = Object.values(schema.getTypeMap());
  const perType = (count: (type: GraphQLNamedType) => number) =>
    Math.ceil(types.reduce((sum, type) => sum + count(type), 0) / types.length);
  const fieldsOf = (type: GraphQLNamedType) =>
    isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  const fields = types.flatMap(fieldsOf);
  const args = fields.reduce((sum, field) => sum + field.args.length, 0);
  return new Map([
    ['types', types.length],
    ['directives', schema.getDirectives().length],
    ['fields', perType((type) => fieldsOf(type).length)],
    ['args', Math.ceil(args / fields.length)],
    [
      'inputFields',
      perType((type) => (isInputObjectType(type) ? Object.keys(type.getFields()).length : 0)),
    ],
    ['enumValues', perType((type) => (isEnumType(type) ? type.getValues().length : 0))],
    [
      'possibleTypes',
      perType((type) => (isAbstractType(type) ? schema.getPossibleTypes(type).length : 0)),
    ],
    ['interfaces', 1],
  ]);
}
