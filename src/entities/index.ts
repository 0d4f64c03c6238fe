/** What exists: the kinds of records, and what a version of one is. */
import { LakeFile } from './lake-file.ts';
import { Todo } from './todo.ts';

export { type Access, type AccessOf, type AccessRule, adminRole } from './access.ts';
export { formatDateTime, parseDateTime } from './date-time.ts';
export {
  type CreateValues,
  columnOf,
  defineEntity,
  type Entity,
  fieldColumnsOf,
  type OrderKey,
  orderFieldsOf,
  type PatchValues,
  type ValuesOf,
} from './entity.ts';
export { type Field, type FieldKind, field, isNullable } from './field.ts';
export type { GroupMeasure } from './groups.ts';
export { recordsName } from './plural.ts';
export type { EntityFile } from './stored-fields.ts';
export {
  fieldValue,
  type Microseconds,
  type Operation,
  type Position,
  positionZero,
  type Revision,
  type Transaction,
  type TransactionId,
  type Version,
} from './version.ts';
export type { Viewer } from './viewer.ts';
export { LakeFile, Todo };

/** The entities that ship. */
export const shippedEntities = [Todo, LakeFile] as const;
