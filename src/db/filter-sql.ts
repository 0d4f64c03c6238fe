/** A filter as SQL: one condition with bound values. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, type Entity } from '../entities/index.ts';
import { type Comparison, compareColumn } from './field-filter.ts';
import {
  type ConditionMaker,
  type RecordFilter,
  type RecordProperty,
  readFilter,
} from './filter.ts';
import { deletion, foldedOf } from './replica-table.ts';

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
    return compareColumn({ ref: sql.ref(column), folded }, comparison);
  }

  find(word: string): Condition {
    const texts = this.#entity.searchFields.map((name) =>
      foldedOf(this.#entity.fields[name]?.kind ?? 'text', columnOf(name)),
    );
    if (texts.length === 0) return sql`false`;
    // No word holds a line feed, so none is found across two labels or two fields.
    return sql`contains(concat_ws(chr(10), ${sql.join(texts)}), ${word})`;
  }
}
