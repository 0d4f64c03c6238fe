/** What is thrown at whoever asks a store for a kind of record that it does not have. */
import type { Entity } from '../../entities/index.ts';

export function unknownEntity({ name }: Entity): TypeError {
  return new TypeError(`${name} is not one of the entities that the store was opened with.`);
}
