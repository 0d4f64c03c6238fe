/**
 * Which records a list, a group, a count or a feed is made of: conditions on fields, joined by and,
 * or and not, and words to be found. Read once, whatever the conditions are then made of.
 */
import type { Entity } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import { BadRequest } from '../shared/problems.ts';
import {
  type Comparison,
  comparisonsOf,
  type FieldFilter,
  refuseMalformed,
} from './field-filter.ts';
import { FilterSize } from './filter-size.ts';
import { foldText } from './fold-text.ts';

/** Everything that is given must hold; a null is as if left out, but not as an operand. */
export interface RecordFilter {
  /** All of these hold. */
  readonly and?: readonly RecordFilter[] | null | undefined;
  /** One of these holds; of an empty list none does. */
  readonly or?: readonly RecordFilter[] | null | undefined;
  /** This does not hold. */
  readonly not?: RecordFilter | null | undefined;
  /** Every word of this text is found in one of the entity's searchFields, in any case. */
  readonly search?: string | null | undefined;
  /** Deleted records too, as they last were. Only in the outermost filter. */
  readonly includeDeleted?: boolean | null | undefined;
  /** By the name of a field, or one of recordColumns: a FieldFilter. */
  readonly [field: string]: unknown;
}

/** What every record can be filtered by besides its fields. */
export type RecordProperty = 'id' | 'createdAt' | 'updatedAt';
const recordProperties: ReadonlySet<string> = new Set<RecordProperty>([
  'id',
  'createdAt',
  'updatedAt',
]);

/** How conditions on versions are made: SQL for the replica, functions for single versions. */
export interface ConditionMaker<Condition> {
  /** The record is not deleted. */
  readonly live: Condition;
  /** All of them hold; of none, it does. */
  allOf(conditions: readonly Condition[]): Condition;
  /** One of them holds; of none, it does not. */
  anyOf(conditions: readonly Condition[]): Condition;
  /** It does not hold, or is about a value that is null. */
  not(condition: Condition): Condition;
  /** @param name a field, or a RecordProperty. */
  compare(name: string, comparison: Comparison): Condition;
  /** @param word found, folded, in one of the entity's searchFields, folded. */
  find(word: string): Condition;
}

/**
 * The condition that a version in force is one of a record that matches: not deleted, unless the
 * filter says so, and as the filter wants it.
 * @throws BadRequest that names the part of the filter that is wrong.
 */
export function readFilter<Condition>(
  entity: Entity,
  filter: RecordFilter,
  maker: ConditionMaker<Condition>,
): Condition {
  const { includeDeleted, ...wanted } = filter;
  const condition = new FilterReader(entity, maker).read('filter', wanted, 1);
  return includeDeleted ? condition : maker.allOf([maker.live, condition]);
}

class FilterReader<Condition> {
  readonly #entity: Entity;
  readonly #maker: ConditionMaker<Condition>;
  readonly #size = new FilterSize();

  constructor(entity: Entity, maker: ConditionMaker<Condition>) {
    this.#entity = entity;
    this.#maker = maker;
  }

  /** @param depth how deep the filter is nested: 1 for the outermost. */
  read(argument: string, filter: RecordFilter, depth: number): Condition {
    if (depth > limits.filterDepthMax) {
      throw new BadRequest('filter', `may be nested at most ${limits.filterDepthMax} deep.`);
    }
    const { and, or, not, search, includeDeleted, ...fields } = filter;
    if (includeDeleted != null) {
      const message = 'may only stand in the outermost filter.';
      throw new BadRequest(`${argument}.includeDeleted`, message);
    }
    const nested = (name: string, filters: readonly RecordFilter[]) =>
      filters.map((each, index) =>
        this.read(`${argument}.${name}.${index}`, each ?? {}, depth + 1),
      );
    const conditions = Object.entries(fields).flatMap(([name, operators]) =>
      this.#readField(`${argument}.${name}`, name, (operators ?? {}) as FieldFilter),
    );
    if (search != null) conditions.push(...this.#readSearch(`${argument}.search`, search));
    // A nested filter counts as one condition, and so does each of its own.
    this.#size.add('conditions', 1 + conditions.length);
    if (and != null) conditions.push(...nested('and', and));
    if (or != null) conditions.push(this.#maker.anyOf(nested('or', or)));
    if (not != null) {
      conditions.push(this.#maker.not(this.read(`${argument}.not`, not, depth + 1)));
    }
    return this.#maker.allOf(conditions);
  }

  #readField(argument: string, name: string, operators: FieldFilter): Condition[] {
    if (!Object.hasOwn(this.#entity.fields, name) && !recordProperties.has(name)) {
      throw new BadRequest(argument, `is not a field of ${this.#entity.name}.`);
    }
    const comparisons = comparisonsOf(argument, operators, this.#size);
    return comparisons.map((comparison) => this.#maker.compare(name, comparison));
  }

  #readSearch(argument: string, search: string): Condition[] {
    this.#size.add('foldedCharacters', search.length);
    refuseMalformed(argument, search);
    const words = search.split(/\s+/u).filter((word) => word !== '');
    if (words.length > limits.searchWordsMax) {
      const message = `may hold at most ${limits.searchWordsMax} words, but held ${words.length}.`;
      throw new BadRequest(argument, message);
    }
    this.#size.add('searchWords', words.length);
    return words.map((word) => this.#maker.find(foldText(word)));
  }
}
