/**
 * Which log a file holds. Its id stands in no link of the digest chain, so it has a digest of its
 * own: that finds damage, as the chain does. Neither can tell of somebody who makes all digests
 * anew; only a digest that was noted elsewhere can.
 */
import type { Defect } from '../defect.ts';
import { logDigest } from '../digest.ts';
import type { LogFile } from '../sqlite/log-file.ts';

/** What is wrong with the log's id; null when nothing is. */
export async function verifyLogId(log: LogFile): Promise<Defect | null> {
  const rows = await log.kysely.selectFrom('log').selectAll().execute();
  const whole = rows.every(({ id, created_at, digest }) => {
    return digest !== null && Buffer.compare(digest, logDigest({ id, created_at })) === 0;
  });
  if (rows.length === 1 && whole) return null;
  return { position: null, message: 'The log’s id, or the time it began, was altered.' };
}
