/**
 * In the place of src/schema/index.ts, where applications have it from, while tests run: the same, but the
 * schema of the kinds that ship is built once for all. It says what there is, and keeps nothing of whom it serves.
 */
import type { GraphQLSchema } from 'graphql';
import { type Entity, shippedEntities } from '../../src/entities/index.ts';
import { buildSchema as build, type SchemaTracing } from '../../src/schema/index.ts';

export * from '../../src/schema/index.ts';

let shipped: GraphQLSchema | undefined;

export function buildSchema(
  entities: readonly Entity[],
  tracing?: SchemaTracing | null,
): GraphQLSchema {
  const areShipped =
    entities.length === shippedEntities.length &&
    entities.every((entity, index) => entity === shippedEntities[index]);
  if (tracing || !areShipped) return build(entities, tracing);
  shipped ??= build(entities);
  return shipped;
}
