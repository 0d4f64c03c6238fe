/** A filter as SQL: one condition with bound values. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, type Entity } from '../../entities/index.ts';
import { type Comparison, compareColumn } from '../criteria/field-filter.ts';
import {
  type ConditionMaker,
  type RecordFilter,
  type RecordProperty,
  readFilter,
} from '../criteria/filter.ts';
import { deletion, foldedOf } from '../replica/replica-table.ts';

type Condition = RawBuilder<SqlBool>;

/**
 * The condition on the replica's columns that a version in force is one of a record that matches.
 * @throws BadRequest that names the part of the filter that is wrong.
 */
export function compileFilter(entity: Entity, filter: RecordFilter): Condition {
  return readFilter(entity, filter, new SqlConditions(entity));
}

const propertyColumns: Readonly<Record<RecordProperty, string>> = {
  id: 'id',
  createdAt: 'created_idx',
  updatedAt: 'idx',
};

class SqlConditions implements ConditionMaker<Condition> {
  readonly live = sql<SqlBool>`operation <> ${sql.lit(deletion)}`;
  readonly #entity: Entity;
  #searched: RawBuilder<string> | null = null;

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  allOf(conditions: readonly Condition[]): Condition {
    return conditions.length > 0 ? sql`(${sql.join(conditions, sql` and `)})` : sql`true`;
  }

  anyOf(conditions: readonly Condition[]): Condition {
    return conditions.length > 0 ? sql`(${sql.join(conditions, sql` or `)})` : sql`false`;
  }

  /** A comparison with null is null in SQL; here it does not hold, so its negation does. */
  not(condition: Condition): Condition {
    return sql`not coalesce(${condition}, false)`;
  }

  compare(name: string, comparison: Comparison): Condition {
    const column = Object.hasOwn(this.#entity.fields, name)
      ? columnOf(name)
      : propertyColumns[name as RecordProperty];
    const folded = foldedOf(this.#entity.fields[name]?.kind ?? 'id', column);
    return compareColumn({ ref: sql.ref(column), folded: sql.raw(folded) }, comparison);
  }

  find(word: string): Condition {
    this.#searched ??= searchedTexts(this.#entity);
    return this.#searched ? sql`contains(${this.#searched}, ${word})` : sql`false`;
  }
}

/**
 * What searches look through; null where there is nothing. No word holds a line feed, so none is
 * found across two labels or two fields.
 */
function searchedTexts({ fields, searchFields }: Entity): RawBuilder<string> | null {
  if (searchFields.length === 0) return null;
  const texts = searchFields.map((name) => foldedOf(fields[name]?.kind ?? 'text', columnOf(name)));
  return sql.raw(`concat_ws(chr(10), ${texts.join(', ')})`);
}
