/** A page of a list: what is asked, and what it comes to. */
import type { Entity, OrderKey, Position, Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import type { Order, Place } from '../criteria/order.ts';

export interface PageQuery {
  /** The moment at which the list stands. */
  readonly at: Position;
  readonly filter?: RecordFilter | undefined;
  /** The entity's default order without it. */
  readonly orderBy?: readonly OrderKey[] | undefined;
  /** The page goes on after this place … */
  readonly after?: Place | undefined;
  /** … and stays before this one. */
  readonly before?: Place | undefined;
  /** How many records at most. */
  readonly limit: number;
  /** Take the page from the end of the list rather than from its beginning. */
  readonly fromEnd?: boolean | undefined;
}

/** The same with its order made. */
export interface OrderedQuery extends PageQuery {
  readonly order: Order;
}

export interface Page<E extends Entity> {
  /** In the order asked for, also when taken from the end. */
  readonly versions: readonly Version<E>[];
  /** Whether the list goes on past the page, in the direction in which it was taken. */
  readonly more: boolean;
}

export interface FoundPage<E extends Entity> extends Page<E> {
  /** The first record past the page, in that direction; null when the list does not go on. */
  readonly beyond: Version<E> | null;
}
