/** The schema that is served, as text. */
import { printSchema } from 'graphql';
import type { Entity } from './entities/index.ts';
import { buildSchema } from './schema/index.ts';

/** The schema for these kinds of records, in the schema definition language of GraphQL. */
export function printedSchema(entities: readonly Entity[]): string {
  return printSchema(buildSchema(entities));
}
