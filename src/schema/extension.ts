/** What one kind of record has besides what every kind has: hand-written, and looked up here. */
import type { InputFieldRef, InputRef, ObjectRef } from '@pothos/core';
import type { RecordFilter } from '../db/index.ts';
import type { Entity, Version } from '../entities/index.ts';
import { fileSteps, type RecordAt, type WriteSteps } from '../resolvers/index.ts';
import type { Builder, BuilderTypes, InputBuilder } from './builder.ts';
import type { SharedInputs } from './inputs.ts';

/** Fields of an input by name. */
export type InputFields = Record<string, InputFieldRef<BuilderTypes, unknown>>;

/** The types of an entity that an extension may add to. */
export interface EntityTypes {
  readonly record: ObjectRef<BuilderTypes, RecordAt>;
  readonly version: ObjectRef<BuilderTypes, Version>;
  /** Which records a list, a group or a count is made of. */
  readonly filter: InputRef<RecordFilter>;
}

export interface SchemaExtension {
  readonly entity: Entity;
  readonly createSteps: WriteSteps;
  readonly updateSteps: WriteSteps;
  /** Inputs besides the entity's own fields. */
  readonly createInputs: (t: InputBuilder) => InputFields;
  readonly updateInputs: (t: InputBuilder) => InputFields;
  /** Whether an update may name its record by something else than its id. */
  readonly updateIdOptional: boolean;
  /** Whether many records can be written by one mutation; `transact` can do that in any case. */
  readonly bulk: boolean;
  /** Adds fields to the entity's types and to Query. */
  readonly addFields: (builder: Builder, types: EntityTypes, inputs: SharedInputs) => void;
}

/** What an entity without an extension has. */
export function plainExtension(entity: Entity): SchemaExtension {
  return {
    entity,
    createSteps: fileSteps(entity, true),
    updateSteps: fileSteps(entity, false),
    createInputs: () => ({}),
    updateInputs: () => ({}),
    updateIdOptional: false,
    // Each may bring contents of its own, which do not fit into one request by the thousand.
    bulk: entity.files.length === 0,
    addFields: () => {},
  };
}
