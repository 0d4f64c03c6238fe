/**
 * Which records a list, a group or a count is made of: conditions on fields, joined by and, or and
 * not, and words to be found. Compiled to one condition with bound values.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { columnOf, type Entity } from '../entities/index.ts';
import { compileOperators, type FieldFilter, refuseMalformed } from './field-filter.ts';
import { limits } from './limits.ts';
import { BadRequest } from './problems.ts';
import { deletion } from './replica-table.ts';

/** Everything that is given must hold; a null is as if left out. */
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

/** What every record can be filtered by besides its fields: where it is kept. */
const recordColumns: ReadonlyMap<string, string> = new Map([
  ['id', 'id'],
  ['createdAt', 'created_idx'],
  ['updatedAt', 'idx'],
]);

/**
 * The condition that a version in force is one of a record that matches: not deleted, unless the
 * filter says so, and as the filter wants it.
 * @throws BadRequest that names the part of the filter that is wrong.
 */
export function compileFilter(entity: Entity, filter: RecordFilter): RawBuilder<SqlBool> {
  const { includeDeleted, ...wanted } = filter;
  const live = includeDeleted ? [] : [sql<SqlBool>`operation <> ${sql.lit(deletion)}`];
  return allOf([...live, new FilterCompiler(entity).compile('filter', wanted, 1)]);
}

class FilterCompiler {
  readonly #entity: Entity;
  #conditions = 0;

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  /** @param depth how deep the filter is nested: 1 for the outermost. */
  compile(argument: string, filter: RecordFilter, depth: number): RawBuilder<SqlBool> {
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
        this.compile(`${argument}.${name}.${index}`, each ?? {}, depth + 1),
      );
    const conditions = Object.entries(fields).flatMap(([name, operators]) =>
      this.#compileField(`${argument}.${name}`, name, (operators ?? {}) as FieldFilter),
    );
    if (search != null) conditions.push(...this.#compileSearch(`${argument}.search`, search));
    this.#count(1 + conditions.length);
    if (and != null) conditions.push(...nested('and', and));
    if (or != null) conditions.push(anyOf(nested('or', or)));
    if (not != null) {
      const inner = this.compile(`${argument}.not`, not, depth + 1);
      // A comparison with null is null in SQL; here it does not hold, so its negation does.
      conditions.push(sql`not coalesce(${inner}, false)`);
    }
    return allOf(conditions);
  }

  #compileField(argument: string, name: string, operators: FieldFilter): RawBuilder<SqlBool>[] {
    const column = Object.hasOwn(this.#entity.fields, name)
      ? columnOf(name)
      : recordColumns.get(name);
    if (!column) throw new BadRequest(argument, `is not a field of ${this.#entity.name}.`);
    return compileOperators(argument, sql.ref(column), operators);
  }

  #compileSearch(argument: string, search: string): RawBuilder<SqlBool>[] {
    refuseMalformed(argument, search);
    const words = search.split(/\s+/u).filter((word) => word !== '');
    if (words.length > limits.searchWordsMax) {
      const message = `may hold at most ${limits.searchWordsMax} words, but held ${words.length}.`;
      throw new BadRequest(argument, message);
    }
    const texts = this.#entity.searchFields.map((name) => {
      const ref = sql.ref(columnOf(name));
      // No word holds a line feed, so none is found across two labels or two fields.
      return this.#entity.fields[name]?.kind === 'labels'
        ? sql`array_to_string(${ref}, chr(10))`
        : ref;
    });
    const text = sql`lower(concat_ws(chr(10), ${sql.join(texts)}))`;
    return words.map((word) => sql`contains(${text}, lower(${word}))`);
  }

  /** A nested filter counts as one condition, and so does each of its own. */
  #count(more: number): void {
    this.#conditions += more;
    if (this.#conditions <= limits.filterConditionsMax) return;
    const message = `may hold at most ${limits.filterConditionsMax} conditions.`;
    throw new BadRequest('filter', message);
  }
}

function allOf(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length > 0 ? sql`(${sql.join(conditions, sql` and `)})` : sql`true`;
}

function anyOf(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length > 0 ? sql`(${sql.join(conditions, sql` or `)})` : sql`false`;
}
