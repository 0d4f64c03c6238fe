/** What may be said of a write, and what it came to. */
import type { Position, Transaction } from '../../entities/index.ts';
import type { IdempotencyKeys, Once } from './idempotency.ts';
import type { Updated } from './log-transaction.ts';
import type { SubmitTerms, Tentative, Work, Writer } from './writer.ts';

export interface WriteTerms extends SubmitTerms {
  /** Do it only once: the same again gets the first result and writes nothing. */
  readonly once?: Once | null | undefined;
}

/** What a write came to, now or when it was first made. */
export interface Written {
  /** What each change came to, in the order in which the work gave them. */
  readonly results: readonly Updated[];
  /** Null when nothing had to be written, and in a dry run. */
  readonly transaction: Transaction | null;
  /** Where the records of the results answer. */
  readonly position: Position;
  /** What a dry run would have written; null when it was none, or would have written nothing. */
  readonly tentative: Tentative | null;
}

/** Runs a write on its terms. @throws what the work throws, and IdempotencyMismatch. */
export async function writeOnTerms(
  writer: Writer,
  keys: IdempotencyKeys,
  work: Work<readonly Updated[]>,
  { once, ...terms }: WriteTerms,
): Promise<Written> {
  const viewerId = terms.sight?.viewer?.id ?? null;
  const committed = await writer.submit(async (log) => {
    const remembered = once ? await keys.recall(once, viewerId) : null;
    if (remembered) return { results: remembered.results, remembered };
    const results = await work(log);
    // A dry run is taken back, and this with it.
    if (once) await keys.remember(once, viewerId, log, results);
    return { results, remembered };
  }, terms);
  const { value, transaction, position, tentative } = committed;
  if (value.remembered) return { ...value.remembered, tentative: null };
  return { results: value.results, transaction, position, tentative };
}
