/** `everstate keys`: the public key by which receipts of a data directory are told from others. */
import { hasLog, publicPart, receiptKey } from '../db/index.ts';
import type { Told } from '../terminal/index.ts';
import { Refused } from './refused.ts';

/**
 * @param data the data directory; it gets a key where it has none.
 * @throws Refused where there is no log.
 */
export async function runKeys(data: string): Promise<Told> {
  if (!hasLog(data)) {
    throw new Refused(
      'NOT_FOUND',
      `There is no log in ${data}. Name a data directory with --data.`,
    );
  }
  const receipts = publicPart(await receiptKey(data));
  return { lines: [receipts], outcome: { receipts } };
}
