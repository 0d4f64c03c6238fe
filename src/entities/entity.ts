/**
 * An entity: a kind of record. One definition yields its SQLite table, its DuckDB table and its
 * GraphQL types with current and history.
 */
import { type AccessOf, ownersOnly } from './access.ts';
import type { Field, FieldMap, KindValues } from './field.ts';
import {
  defaultGroups,
  definedGroups,
  findGroupsDefect,
  type Groups,
  type GroupsDefinition,
} from './groups.ts';
import { pluralOf } from './plural.ts';
import { reservedFieldNames, reservedTableNames } from './reserved-names.ts';
import { snakeCase } from './snake-case.ts';
import {
  type DefinedFields,
  type EntityFile,
  filesOf,
  findFilesDefect,
  type StoredFields,
  storedFields,
} from './stored-fields.ts';

/** What a list can be ordered by: any field that has an order, and what every record has. */
type OrderField<Fields extends FieldMap = FieldMap> =
  | (keyof Fields & string)
  | 'createdAt'
  | 'updatedAt'
  | 'id';

export interface OrderKey<Name extends string = string> {
  readonly field: Name;
  readonly direction: 'asc' | 'desc';
}

export interface Entity<Name extends string = string, Fields extends FieldMap = FieldMap> {
  /** The GraphQL type: `Todo`. */
  readonly name: Name;
  /** One record as a GraphQL field: `todo`. */
  readonly singular: string;
  /** A list of records as a GraphQL field: `todos`. */
  readonly plural: string;
  /** The member of the GraphQL enum EntityName: `TODO`. */
  readonly enumName: string;
  /** The table of its versions, in the log as in the replica. */
  readonly table: string;
  readonly description: string;
  /** What versions hold: of a file its size and SHA-256. */
  readonly fields: Fields;
  /** What its records have of bytes. */
  readonly files: readonly EntityFile[];
  /** Fields that together name one live record; nulls are equal. Empty: only the id is unique. */
  readonly uniqueKey: readonly string[];
  /** Fields in whose texts and labels a search looks for its words. */
  readonly searchFields: readonly string[];
  /** The order of a list when the client names none; the older record first where they tie. */
  readonly defaultOrder: readonly OrderKey[];
  /** What its records can be grouped by. */
  readonly groups: Groups;
  /** The field that names whose a record is; null where none does. */
  readonly owner: string | null;
  /** Who may see and write which records, once it is asked who one is; null: admins alone. */
  readonly access: AccessOf | null;
}

export interface EntityDefinition<
  Name extends string,
  Defined extends DefinedFields,
  Fields extends FieldMap = StoredFields<Defined>,
> {
  readonly name: Name;
  readonly plural?: string;
  readonly table?: string;
  readonly description: string;
  readonly fields: Defined;
  readonly uniqueKey?: readonly (keyof Fields & string)[];
  readonly searchFields?: readonly (keyof Fields & string)[];
  readonly defaultOrder?: readonly OrderKey<OrderField<Fields>>[];
  readonly groups?: GroupsDefinition<Fields>;
  readonly owner?: keyof Fields & string;
  readonly access?: AccessOf;
}

type ValueOf<F extends Field> = F['presence'] extends 'optional'
  ? KindValues[F['kind']] | null
  : KindValues[F['kind']];

/** All field values of one version, by field name. */
export type ValuesOf<E extends Entity> = {
  readonly [K in keyof E['fields']]: ValueOf<E['fields'][K]>;
};

type RequiredName<Fields extends FieldMap> = {
  [K in keyof Fields]: Fields[K]['presence'] extends 'required' ? K : never;
}[keyof Fields];

/** What creating a record takes: required fields, and any of the others. */
export type CreateValues<E extends Entity> = {
  readonly [K in RequiredName<E['fields']>]: KindValues[E['fields'][K]['kind']];
} & {
  readonly [K in Exclude<keyof E['fields'], RequiredName<E['fields']>>]?:
    | KindValues[E['fields'][K]['kind']]
    | null
    | undefined;
};

/** What changing a record takes: a field left out keeps its value, null clears it. */
export type PatchValues<E extends Entity> = {
  readonly [K in keyof E['fields']]?: ValueOf<E['fields'][K]> | undefined;
};

const newestFirst: readonly OrderKey[] = [{ field: 'updatedAt', direction: 'desc' }];

const entityNamePattern = /^[A-Z][A-Za-z0-9]{0,62}$/;
const fieldNamePattern = /^[a-z][A-Za-z0-9]{0,62}$/;
const tableNamePattern = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * Defines a kind of record.
 * @param definition its name (`Note`), description and fields; optionally plural (`notes`, `categories`), table
 *   (the plural in snake_case), uniqueKey, searchFields (all texts and labels), defaultOrder
 *   (newest first), groups (by every field that can be), owner (none) and access (owners alone;
 *   admins alone where there is no owner).
 * @returns the frozen entity, to be passed to openStore.
 * @throws TypeError that names the part that cannot work.
 */
export function defineEntity<const Name extends string, const Defined extends DefinedFields>(
  definition: EntityDefinition<Name, Defined>,
): Entity<Name, StoredFields<Defined>> {
  const { name } = definition;
  const fields = storedFields(definition.fields) as StoredFields<Defined>;
  const singular = name.charAt(0).toLowerCase() + name.slice(1);
  const plural = definition.plural ?? pluralOf(singular);
  const table = definition.table ?? snakeCase(plural);
  const entity: Entity<Name, StoredFields<Defined>> = Object.freeze({
    name,
    singular,
    plural,
    enumName: snakeCase(singular).toUpperCase(),
    table,
    description: definition.description,
    fields,
    files: Object.freeze(filesOf(definition.fields)),
    uniqueKey: definition.uniqueKey ?? [],
    searchFields: definition.searchFields ?? searchableNames(fields),
    defaultOrder: definition.defaultOrder ?? newestFirst,
    groups: definition.groups ? definedGroups(fields, definition.groups) : defaultGroups(fields),
    owner: definition.owner ?? null,
    access: definition.access ?? (definition.owner ? ownersOnly(definition.owner) : null),
  });
  const wrong = findFilesDefect(definition.fields) ?? findDefect(entity);
  if (wrong) throw new TypeError(`The entity "${name}" cannot be defined: ${wrong}`);
  return entity;
}

/** The column that holds a field: `userId` is kept in `user_id`. */
export function columnOf(fieldName: string): string {
  return snakeCase(fieldName);
}

/** A field and where it is kept. */
interface FieldColumn {
  readonly name: string;
  readonly column: string;
  readonly field: Field;
}
const fieldColumns = new WeakMap<Entity, readonly FieldColumn[]>();

/** The fields of an entity; worked out once, since rows are read by the million. */
export function fieldColumnsOf(entity: Entity): readonly FieldColumn[] {
  let known = fieldColumns.get(entity);
  if (!known) {
    known = Object.entries(entity.fields).map(([name, field]) => ({
      name,
      column: columnOf(name),
      field,
    }));
    fieldColumns.set(entity, known);
  }
  return known;
}

/** The longest text that lists can be ordered by: one line, not a whole body. */
const orderedTextLengthMax = 4_096;

/**
 * What lists of an entity can be ordered by: what every record has, and the fields that have an
 * order that means something. Labels, long texts and the ids of others have none.
 */
export function orderFieldsOf({ fields }: Pick<Entity, 'fields'>): string[] {
  const ordered = Object.entries(fields).filter(([, { kind, lengthMax }]) =>
    kind === 'text' ? lengthMax <= orderedTextLengthMax : kind !== 'labels' && kind !== 'id',
  );
  return [...ordered.map(([name]) => name), 'createdAt', 'updatedAt', 'id'];
}

/** What a search looks in when nothing is said: nobody looks for words in a SHA-256. */
function searchableNames(fields: FieldMap): string[] {
  return Object.keys(fields).filter(
    (name) => isSearchable(fields)(name) && !fields[name]?.contents,
  );
}

function isSearchable(fields: FieldMap): (name: string) => boolean {
  return (name) =>
    Object.hasOwn(fields, name) && ['text', 'labels'].includes(fields[name]?.kind ?? '');
}

function findDefect(entity: Entity): string | null {
  if (!entityNamePattern.test(entity.name)) {
    return 'its name must be letters and digits and begin with a capital, such as "Note".';
  }
  if (!fieldNamePattern.test(entity.plural) || entity.plural === entity.singular) {
    return `its plural must differ from "${entity.singular}" and look like "notes", but is "${entity.plural}".`;
  }
  if (!tableNamePattern.test(entity.table) || reservedTableNames.test(entity.table)) {
    return `its table must be in snake_case and not one of Everstate's own, but is "${entity.table}".`;
  }
  const names = Object.keys(entity.fields);
  if (names.length === 0) return 'it has no fields. Give it at least one.';
  for (const name of names) {
    if (!fieldNamePattern.test(name)) {
      return `the field "${name}" must be letters and digits and begin with a small letter.`;
    }
    if (reservedFieldNames.has(name) || name in Object.prototype) {
      return `the field name "${name}" is taken: every record has one. Choose another.`;
    }
  }
  const columns = new Set(names.map(columnOf));
  if (columns.size !== names.length) return 'two of its fields share one column name.';
  for (const name of entity.uniqueKey) {
    if (!Object.hasOwn(entity.fields, name))
      return `its uniqueKey names "${name}", which is not a field.`;
  }
  for (const name of entity.searchFields) {
    if (!isSearchable(entity.fields)(name))
      return `its searchFields name "${name}", which holds neither text nor labels.`;
  }
  for (const { field: name } of entity.defaultOrder) {
    if (!orderFieldsOf(entity).includes(name))
      return `its defaultOrder names "${name}", which has no order.`;
  }
  const { owner } = entity;
  if (owner !== null && !['id', 'text'].includes(entity.fields[owner]?.kind ?? ''))
    return `its owner names "${owner}", which is no field that holds an id or a text.`;
  return findGroupsDefect(entity.fields, entity.groups);
}
