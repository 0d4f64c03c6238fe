/** What is left of an erased version. It is worked out from its entity, so that it tells nothing. */
import {
  type Entity,
  type Field,
  type FieldKind,
  fieldColumnsOf,
  isNullable,
} from '../../entities/index.ts';
import { emptySha256 } from './contents/contents-rows.ts';
import { columns } from './sqlite/version-row.ts';

/** What stands where a salt was. */
export const noSalt = Buffer.alloc(0);
/** What stands where a text was that cannot be missing. */
const erasedText = 'erased';

const blanks: Readonly<Record<FieldKind, unknown>> = {
  id: erasedText,
  text: erasedText,
  int: 0,
  int64: 0,
  float: 0,
  dateTime: 0,
  boolean: false,
  labels: [],
};

/** What an erased version has in a column, as SQLite keeps it. */
export function blankOf(field: Field): unknown {
  if (isNullable(field)) return null;
  return columns[field.kind].encode(field.contents ? emptySha256 : blanks[field.kind]);
}

/** Whether a value says as little; of a kind that is not defined here it is not known which text it was. */
function isBlank(field: Field, value: unknown): boolean {
  const isText = field.kind === 'text' && (value === erasedText || value === emptySha256);
  return value === blankOf(field) || (isText && !isNullable(field));
}

/** Whether values of all of an entity’s fields, in their order and as SQLite keeps them, say as little. */
export function areBlank(entity: Entity, values: readonly unknown[]): boolean {
  return fieldColumnsOf(entity).every(({ field }, place) => isBlank(field, values[place]));
}

/** Whether a salt is that of an erased version or transaction. */
export function isErasedSalt(salt: Uint8Array): boolean {
  return salt.length === 0;
}
