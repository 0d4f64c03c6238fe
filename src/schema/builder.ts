/** The Pothos builder, and the TypeScript types behind what clients see. */
import SchemaBuilder from '@pothos/core';
import type { Microseconds, Position } from '../entities/index.ts';
import type { FileUpload, Operation } from '../resolvers/index.ts';
import type { SchemaTracing } from './tracing.ts';

export interface SchemaTypes {
  Context: { readonly operation: Operation };
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string | number };
    DateTime: { Input: Microseconds; Output: Microseconds };
    Position: { Input: Position; Output: Position };
    Int64: { Input: number; Output: number };
    Base64: { Input: Uint8Array; Output: Uint8Array };
    JSON: { Input: unknown; Output: unknown };
    File: { Input: FileUpload; Output: never };
  };
}

/** @param tracing how fields are traced; null where none is. */
export function createBuilder(tracing: SchemaTracing | null = null) {
  return new SchemaBuilder<SchemaTypes>({
    defaultFieldNullability: false,
    ...(tracing && {
      plugins: [tracing.plugin],
      tracing: { default: tracing.isTraced, wrap: tracing.wrap as never },
    }),
  });
}

export type Builder = ReturnType<typeof createBuilder>;
export type BuilderTypes =
  Builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never;
export type FieldBuilder<Parent> = PothosSchemaTypes.ObjectFieldBuilder<BuilderTypes, Parent>;
export type ArgBuilder = Pick<
  PothosSchemaTypes.InputFieldBuilder<BuilderTypes, 'Arg'>,
  'int' | 'string'
>;
export type InputBuilder = PothosSchemaTypes.InputFieldBuilder<BuilderTypes, 'InputObject'>;
