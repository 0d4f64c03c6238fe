/**
 * Lists of transactions, straight from the log. Their ids count 1, 2, 3 … in commit order, and so
 * do their times: a range of either is a range of ids. What else a filter asks is decided one by one
 * as feeds do it, a few rows at a time, so that nobody waits while a long log is looked through.
 */
import type { Position, Transaction, TransactionId } from '../../entities/index.ts';
import {
  type Comparison,
  compareValue,
  comparisonsOf,
  type FieldFilter,
} from '../criteria/field-filter.ts';
import { FilterSize } from '../criteria/filter-size.ts';
import { limits } from '../shared/limits.ts';
import { tookTooLong } from '../shared/query-time.ts';
import { turns } from '../shared/turns.ts';
import { readTransactions } from './logged-transactions.ts';
import type { LogFile } from './sqlite/log-file.ts';

/** Everything that is given must hold; a null is as if left out. */
export interface TransactionFilter {
  readonly actor?: FieldFilter | null | undefined;
  readonly reason?: FieldFilter | null | undefined;
  readonly committedAt?: FieldFilter | null | undefined;
}

export interface TransactionQuery {
  /** Only transactions that lie before this position, or end at it. */
  readonly at: Position;
  readonly filter?: TransactionFilter | undefined;
  /** The newest first. */
  readonly descending: boolean;
  /** The page goes on after this one … */
  readonly after?: TransactionId | undefined;
  /** … and stays before this one. */
  readonly before?: TransactionId | undefined;
  /** How many at most. */
  readonly limit: number;
  /** Take the page from the end of the list rather than from its beginning. */
  readonly fromEnd?: boolean | undefined;
  /** Which of some transactions are listed besides; all of them without it. */
  readonly admit?: Admit | null | undefined;
}

/** Tells, of some transactions, those that are admitted. */
export type Admit = (transactions: readonly Transaction[]) => Promise<ReadonlySet<TransactionId>>;

/** Which transactions are counted. */
export type TransactionCountQuery = Pick<TransactionQuery, 'at' | 'filter' | 'admit'>;

export interface TransactionPage {
  /** In the order asked for, also when taken from the end. */
  readonly transactions: readonly Transaction[];
  /** Whether the list goes on past the page, in the direction in which it was taken. */
  readonly more: boolean;
}

/** Ids from the lowest to the highest, both included; none where the lowest is the higher. */
interface IdRange {
  readonly lowest: number;
  readonly highest: number;
}

/** Which of some transactions, in order, are wanted. */
type Matches = (transactions: readonly Transaction[]) => Promise<readonly Transaction[]>;

/** What a filter asks: for a range of ids, and for more than that. */
interface Wanted {
  readonly range: IdRange;
  /** Null where every transaction of the range is wanted. */
  readonly matches: Matches | null;
}

export class TransactionList {
  readonly #log: LogFile;
  readonly #refuseWhenClosing: () => void;

  /** @param refuseWhenClosing throws once the log is about to be closed. */
  constructor(log: LogFile, refuseWhenClosing: () => void) {
    this.#log = log;
    this.#refuseWhenClosing = refuseWhenClosing;
  }

  /**
   * A page of the transactions that match.
   * @throws BadRequest that names the part of the filter that is wrong.
   * @throws Unavailable when the log is too long to be looked through for it.
   */
  async page(query: TransactionQuery): Promise<TransactionPage> {
    const { at, filter, descending, after, before, limit, fromEnd = false } = query;
    const { range, matches } = await this.#wanted(at, filter ?? {}, query.admit ?? null);
    const [above, below] = descending ? [before, after] : [after, before];
    const between = {
      lowest: Math.max(range.lowest, (above ?? 0) + 1),
      highest: Math.min(range.highest, (below ?? Number.MAX_SAFE_INTEGER) - 1),
    };
    const found: Transaction[] = [];
    for await (const each of this.#walk(between, descending !== fromEnd, limit + 1, matches)) {
      found.push(each);
      if (found.length > limit) break;
    }
    const transactions = found.slice(0, limit);
    if (fromEnd) transactions.reverse();
    return { transactions, more: found.length > limit };
  }

  /** How many transactions match. @throws as page does. */
  async count({ at, filter, admit }: TransactionCountQuery): Promise<number> {
    const { range, matches } = await this.#wanted(at, filter ?? {}, admit ?? null);
    if (!matches) return Math.max(0, range.highest - range.lowest + 1);
    let count = 0;
    for await (const _ of this.#walk(range, true, limits.transactionScanRows, matches)) count += 1;
    return count;
  }

  async #wanted(at: Position, filter: TransactionFilter, admit: Admit | null): Promise<Wanted> {
    const size = new FilterSize();
    const read = (name: keyof TransactionFilter) =>
      comparisonsOf(`filter.${name}`, filter[name] ?? {}, size).map((each) => ({ name, ...each }));
    const all = [...read('actor'), ...read('reason'), ...read('committedAt')];
    let range: IdRange = { lowest: 1, highest: await this.#idAt('last_position', at) };
    const others: ((transaction: Transaction) => boolean)[] = [];
    for (const { name, ...comparison } of all) {
      const narrowed = name === 'committedAt' && (await this.#rangeOf(comparison));
      if (narrowed) range = overlap(range, narrowed);
      else {
        const test = compareValue(comparison);
        others.push((transaction) => test(transaction[name]));
      }
    }
    const matches: Matches = async (transactions) => {
      const matching = transactions.filter((each) => others.every((test) => test(each)));
      if (!admit || matching.length === 0) return matching;
      const admitted = await admit(matching);
      return matching.filter(({ id }) => admitted.has(id));
    };
    return { range, matches: others.length > 0 || admit ? matches : null };
  }

  /** The ids of the times that a comparison admits; null where it is no range. */
  async #rangeOf({ operator, operand }: Comparison): Promise<IdRange | null> {
    const time = operand as number;
    const upTo = async (latest: number) => ({
      lowest: 1,
      highest: await this.#idAt('committed_at', latest),
    });
    const since = async (earliest: number) => ({
      lowest: (await this.#idAt('committed_at', earliest - 1)) + 1,
      highest: Number.MAX_SAFE_INTEGER,
    });
    if (operator === 'lt') return await upTo(time - 1);
    if (operator === 'lte') return await upTo(time);
    if (operator === 'gt') return await since(time + 1);
    if (operator === 'gte') return await since(time);
    if (operator === 'eq') return overlap(await upTo(time), await since(time));
    return null;
  }

  /** The last transaction that ends at or before a position, or was committed by a time; 0: none. */
  async #idAt(column: 'last_position' | 'committed_at', value: number): Promise<number> {
    const row = await this.#log.kysely
      .selectFrom('transactions')
      .select('id')
      .where(column, '<=', value)
      .orderBy(column, 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.id ?? 0;
  }

  /** @param rowsMax how many rows are of use at most, where all of them match. */
  async *#walk(
    { lowest, highest }: IdRange,
    down: boolean,
    rowsMax: number,
    matches: Wanted['matches'],
  ): AsyncGenerator<Transaction, void, undefined> {
    const deadline = performance.now() + limits.queryTimeMaxMs;
    const rows = matches ? limits.transactionScanRows : rowsMax;
    let [from, to] = [lowest, highest];
    while (from <= to) {
      // In ids rather than rows: however little there is, a step ends.
      const [first, last] = down
        ? [Math.max(from, to - rows + 1), to]
        : [from, Math.min(to, from + rows - 1)];
      await turns.next(null);
      this.#refuseWhenClosing();
      if (performance.now() > deadline) {
        throw tookTooLong();
      }
      const found = await this.#read(first, last, down);
      yield* matches ? await matches(found) : found;
      if (down) to = first - 1;
      else from = last + 1;
    }
  }

  async #read(first: number, last: number, down: boolean): Promise<Transaction[]> {
    return await readTransactions(this.#log, (all) =>
      all
        .where('id', '>=', first)
        .where('id', '<=', last)
        .orderBy('id', down ? 'desc' : 'asc'),
    );
  }
}

function overlap(a: IdRange, b: IdRange): IdRange {
  return {
    lowest: Math.max(a.lowest, b.lowest),
    highest: Math.min(a.highest, b.highest),
  };
}
