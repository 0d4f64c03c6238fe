/** Kinds of records, by name. */
import type { EnumRef } from '@pothos/core';
import type { Entity } from '../entities/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';

export function addEntityName(
  builder: Builder,
  entities: readonly Entity[],
): EnumRef<BuilderTypes, Entity> {
  const values = Object.fromEntries(
    entities.map((entity) => [
      entity.enumName,
      { value: entity, description: `Records of the type ${entity.name}.` },
    ]),
  );
  return builder.enumType('EntityName', {
    description: 'A kind of record.',
    values: values as Record<string, { value: never; description: string }>,
  }) as unknown as EnumRef<BuilderTypes, Entity>;
}
