/** How long a transaction may take: all others wait for it. */
import { TransactionTimeout } from '../shared/problems.ts';

/**
 * What the work comes to, if it comes to anything in time. Work cannot be stopped: the caller sees
 * to it that what it does later finds its transaction closed.
 * @throws TransactionTimeout after timeMaxMs; before that what the work throws.
 */
export async function withinTime<T>(work: Promise<T>, timeMaxMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const message =
      `A transaction may take ${timeMaxMs} ms, and this one took longer: it was taken back. ` +
      'Await nothing but the transaction in its work, or do it in several.';
    timer = setTimeout(() => reject(new TransactionTimeout(message)), timeMaxMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
