/** What the log holds: immutable versions of records, in transactions, at positions. */
import type { Entity, ValuesOf } from './entity.ts';

declare const unit: unique symbol;
type Branded<Base, Unit extends string> = Base & { readonly [unit]: Unit };

/** The place of a version in the one order of all versions of all entities; 0 is before the first. */
export type Position = Branded<number, 'position'>;
/** 1, 2, 3 … of one record. */
export type Revision = Branded<number, 'revision'>;
/** The number of a transaction, in commit order. */
export type TransactionId = Branded<number, 'transaction'>;
/** Microseconds since 1970-01-01T00:00:00Z. */
export type Microseconds = number;

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'RESTORE';

/** A record as it was after one change. */
export interface Version<E extends Entity = Entity> {
  readonly entity: E;
  readonly id: string;
  readonly revision: Revision;
  readonly position: Position;
  readonly operation: Operation;
  readonly transactionId: TransactionId;
  readonly committedAt: Microseconds;
  /** When revision 1 of the record was committed. */
  readonly createdAt: Microseconds;
  /** The version that this one supersedes; null for revision 1. */
  readonly previousPosition: Position | null;
  readonly values: ValuesOf<E>;
}

/** Who changed something, when and why: versions with consecutive positions, committed together. */
export interface Transaction {
  readonly id: TransactionId;
  readonly committedAt: Microseconds;
  readonly firstPosition: Position;
  readonly lastPosition: Position;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** The value of a field that is known by its name; null when it has none. */
export function fieldValue({ values }: Version, name: string): unknown {
  return (values as Readonly<Record<string, unknown>>)[name] ?? null;
}

/** The position before the first version. */
export const positionZero = 0 as Position;
