/** A filter as a function: whether one version is of a record that matches. */
import { type Entity, fieldValue, type Version } from '../../entities/index.ts';
import { type Comparison, compareValue } from './field-filter.ts';
import {
  type ConditionMaker,
  type RecordFilter,
  type RecordProperty,
  readFilter,
} from './filter.ts';
import { foldText } from './fold-text.ts';

/** Whether the record matches while this version of it is in force. */
export type Matcher = (version: Version) => boolean;

/**
 * The same condition as `compileFilter` makes, for versions one by one: a feed decides for each
 * change, and for each subscriber, without asking DuckDB.
 * @throws BadRequest that names the part of the filter that is wrong.
 */
export function matcherOf(entity: Entity, filter: RecordFilter): Matcher {
  return readFilter(entity, filter, new Matchers(entity));
}

const properties: Readonly<Record<RecordProperty, (version: Version) => unknown>> = {
  id: ({ id }) => id,
  createdAt: ({ createdAt }) => createdAt,
  updatedAt: ({ committedAt }) => committedAt,
};

class Matchers implements ConditionMaker<Matcher> {
  readonly live: Matcher = ({ operation }) => operation !== 'DELETE';
  readonly #entity: Entity;

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  allOf(conditions: readonly Matcher[]): Matcher {
    return (version) => conditions.every((holds) => holds(version));
  }

  anyOf(conditions: readonly Matcher[]): Matcher {
    return (version) => conditions.some((holds) => holds(version));
  }

  not(condition: Matcher): Matcher {
    return (version) => !condition(version);
  }

  compare(name: string, comparison: Comparison): Matcher {
    const test = compareValue(comparison);
    if (Object.hasOwn(this.#entity.fields, name))
      return (version) => test(fieldValue(version, name));
    const propertyOf = properties[name as RecordProperty];
    return (version) => test(propertyOf(version));
  }

  find(word: string): Matcher {
    const { searchFields } = this.#entity;
    return (version) =>
      searchFields.some((name) =>
        [fieldValue(version, name)]
          .flat()
          .some((text) => typeof text === 'string' && foldText(text).includes(word)),
      );
  }
}
