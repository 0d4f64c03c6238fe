/**
 * Every field of the schema counts what it adds to its answer, and lets others have a turn of the
 * event loop where an answer takes long to make.
 */
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isIntrospectionType,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';
import { turns } from '../db/index.ts';
import type { AnswerSize } from '../resolvers/index.ts';
import type { SchemaTypes } from './builder.ts';

type Context = SchemaTypes['Context'];

/** Counts a field's value; what it returns is what execution goes on with. */
type Count = (size: AnswerSize, name: string, value: unknown) => unknown;

/** Bounds the answers of a schema, which is changed. */
export function boundAnswers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) boundField(field);
  }
  return schema;
}

function boundField(field: GraphQLField<unknown, Context>): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  const count = countOf(field.type);
  const bounded: GraphQLFieldResolver<unknown, Context> = (parent, args, context, info) => {
    const size = context.operation.answerSize;
    size.refuseWhenExceeded();
    const name = String(info.path.key);
    try {
      const value = resolve(parent, args, context, info);
      if (value instanceof Promise) return countLater(count, size, name, value);
      return count(size, name, value);
    } catch (error) {
      size.addError();
      throw error;
    }
  };
  field.resolve = bounded;
}

async function countLater(
  count: Count,
  size: AnswerSize,
  name: string,
  value: Promise<unknown>,
): Promise<unknown> {
  try {
    const made = await value;
    // Many that waited for one batch would go on in one stretch.
    return count(size, name, turns.over ? await turns.next(made, size) : made);
  } catch (error) {
    size.addError();
    throw error;
  }
}

function countOf(type: GraphQLOutputType): Count {
  const isList = isListType(getNullableType(type));
  if (isLeafType(getNamedType(type))) {
    return (size, name, value) => {
      size.addField(name, value);
      return value;
    };
  }
  return (size, name, value) => {
    size.addNested(name);
    return isList && value ? itemsInTurns(value as Iterable<unknown>, size) : value;
  };
}

/** Execution takes the items one by one, and completes each before it takes the next. */
function* itemsInTurns(items: Iterable<unknown>, size: AnswerSize): Generator<unknown, void> {
  for (const item of items) {
    size.addItem();
    yield turns.over ? turns.next(item, size) : item;
  }
}
