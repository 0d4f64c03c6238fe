/** `everstate compact` from the command line: room that the log needs no more is given back. */
import { resolve } from 'node:path';
import { type Defect, LogCompaction, type LogHead } from '../db/index.ts';
import { exitCodes, interruptibly, startProgress, type Told } from '../terminal/index.ts';

/**
 * @param data the data directory.
 * @throws CannotOpen, LogInUse, and what the log throws where its files fail.
 */
export async function runCompact(data: string): Promise<Told> {
  const log = await LogCompaction.open(data);
  try {
    const before = await log.room();
    const head = await log.head();
    const isWrittenAnew = before.freeBytes > 0 && !before.givesPagesBack;
    if (isWrittenAnew) {
      process.stderr.write('Writing the log anew; an interruption leaves it as it is …\n');
      await log.rewrite();
    } else await release(log, before.freeBytes);
    const { bytes } = await log.room();
    const defect = before.freeBytes > 0 ? await lookThrough(log, head) : null;
    return told(data, { before: before.bytes, after: bytes, isWrittenAnew }, head, defect);
  } finally {
    await log.close();
  }
}

async function release(log: LogCompaction, freeBytes: number): Promise<void> {
  if (freeBytes === 0) return;
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  await interruptibly(async (refuseWhenInterrupted) => {
    const progress = startProgress('Giving back', freeBytes, 'bytes', manner);
    const onBytes = (bytes: number) => {
      progress.advance('', bytes);
      refuseWhenInterrupted();
    };
    await log.release(onBytes).finally(progress.stop);
  });
}

/** Whether the log says what it said before, and its file is sound. */
async function lookThrough(log: LogCompaction, before: LogHead): Promise<Defect | null> {
  process.stderr.write('Comparing the log with what it was …\n');
  const { digest } = await log.head(before.position);
  if (digest === before.digest) return await log.check();
  const { position } = before;
  return { position, message: `The head was ${before.digest}, and is ${digest}.` };
}

interface Sizes {
  readonly before: number;
  readonly after: number;
  readonly isWrittenAnew: boolean;
}

function told(data: string, sizes: Sizes, head: LogHead, defect: Defect | null): Told {
  const { before, after, isWrittenAnew } = sizes;
  const { position, digest } = head;
  const outcome = {
    data: resolve(data),
    bytesBefore: before,
    bytesAfter: after,
    isWrittenAnew,
    position,
    digest,
    defect,
  };
  if (defect) {
    const message = `The log is not as it was: ${defect.message} Restore it from a backup.`;
    return { lines: [message], outcome, exitCode: exitCodes.unsound };
  }
  const [gone, was, is] = [before - after, before, after].map((each) =>
    each.toLocaleString('en-US'),
  );
  const line =
    before === after
      ? `There is nothing to give back: all ${is} bytes of the log are in use.`
      : `Gave back ${gone} of ${was} bytes: the log takes ${is}.`;
  return { lines: [`${line} Its head is ${position}:${digest}, as before.`], outcome };
}
