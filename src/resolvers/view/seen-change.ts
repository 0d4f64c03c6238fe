/** A change of a record as a viewer is told of it. */
import type { Entity, Position, Version } from '../../entities/index.ts';

export interface SeenChange {
  readonly position: Position;
  readonly entity: Entity;
  /** Of the record. */
  readonly id: string;
  /** The version that the change made; null where the record is seen no longer. */
  readonly version: Version | null;
}

/** Changes that are told as they are, by their version: many feeds tell the same. */
const known = new WeakMap<Version, SeenChange>();

/** A change that made a version which is seen. */
export function seenChange(version: Version): SeenChange {
  const told = known.get(version) ?? { ...placeOf(version), version };
  known.set(version, told);
  return told;
}

/** A change after which a record is seen no longer: nothing is told but that it is to be forgotten. */
export function leftChange(change: Place): SeenChange {
  return { ...placeOf(change), version: null };
}

type Place = Pick<SeenChange, 'position' | 'entity' | 'id'>;

function placeOf({ position, entity, id }: Place): Place {
  return { position, entity, id };
}
