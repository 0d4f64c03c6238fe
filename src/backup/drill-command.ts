/** `everstate backup --drill` from the command line: what was restored, and what is told of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BackupSource,
  HistoryDamaged,
  hexOf,
  LogDamaged,
  openStore,
  type Store,
} from '../db/index.ts';
import { type Entity, type Position, positionZero } from '../entities/index.ts';
import {
  count,
  exitCodes,
  interruptibly,
  type Progress,
  type RefuseWhenInterrupted,
  startProgress,
  type Told,
} from '../terminal/index.ts';
import { type Compared, compare } from './drill.ts';
import { Refused } from './refused.ts';
import { restoreBackup } from './restore-command.ts';

/**
 * Restores a backup into a temporary directory, and compares what it says with what the log of a data
 * directory says of the same positions. A server may have that log meanwhile.
 * @param entities kinds of records, as they are defined now.
 * @returns what is told: with exitCodes.unsound where anything differs, or the log is damaged.
 * @throws Refused where the log has another history, and what restoring throws.
 */
export async function runDrill(
  target: string,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const temporary = mkdtempSync(join(tmpdir(), 'everstate-drill-'));
  try {
    const { restorable } = await restoreBackup(target, {}, temporary, entities);
    const { until, digest } = restorable;
    await refuseOtherHistory(target, data, until, digest);
    const compared = await interruptibly((refuseWhenInterrupted) =>
      compareStores(data, temporary, entities, until, refuseWhenInterrupted),
    ).catch((error) => {
      // What was restored was proven: it is the log that it was taken from.
      if (error instanceof LogDamaged || error instanceof HistoryDamaged) return error;
      throw error;
    });
    return compared instanceof Error
      ? damaged(target, compared, until, digest)
      : told(target, compared, until, digest);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function refuseOtherHistory(
  target: string,
  data: string,
  until: Position,
  digest: string | null,
): Promise<void> {
  const source = await BackupSource.open(data);
  try {
    const end = until === positionZero ? null : await source.endAt(until);
    const found = end?.position === until ? hexOf(end.digest) : null;
    if (found === digest) return;
    throw new Refused(
      'OTHER_HISTORY',
      `${target} has the digest ${digest} at position ${until}, but the log in ${data} has ` +
        `${found ?? 'none'} there: it is a backup of another log, or the log was altered.`,
    );
  } finally {
    await source.close();
  }
}

async function compareStores(
  data: string,
  restored: string,
  entities: readonly Entity[],
  at: Position,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Compared[]> {
  const live = await openStore({ directory: data, entities });
  try {
    const other = await openStore({ directory: restored, entities });
    try {
      return await compareWatched(live, other, at, refuseWhenInterrupted);
    } finally {
      await other.close();
    }
  } finally {
    await live.close();
  }
}

async function compareWatched(
  live: Store,
  restored: Store,
  at: Position,
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Compared[]> {
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  let progress: Progress | null = null;
  const onQuestions = (questions: number) => {
    progress = startProgress('Comparing', questions, 'answers', manner);
  };
  const onCompared = (question: string) => {
    refuseWhenInterrupted();
    progress?.advance(question);
  };
  const watch = { onQuestions, onCompared };
  return await compare(live, restored, at, watch).finally(() => progress?.stop());
}

function told(
  target: string,
  compared: readonly Compared[],
  position: Position,
  digest: string | null,
): Told {
  const differ = compared.filter(({ live, restored }) => live !== restored);
  const verdict =
    differ.length === 0 ? 'all are the same' : `${differ.length} differ: it says something else`;
  return {
    lines: [
      ...compared.map(lineOf),
      `Restored ${target} up to position ${position}, and compared ${count(compared.length, 'answer')}: ` +
        `${verdict}.`,
    ],
    outcome: { position, digest, differ: differ.length, compared },
    exitCode: differ.length === 0 ? exitCodes.done : exitCodes.unsound,
  };
}

function damaged(
  target: string,
  { message }: Error,
  position: Position,
  digest: string | null,
): Told {
  return {
    lines: [
      message,
      `${target} was restored up to position ${position}, and what it holds is whole.`,
    ],
    outcome: { position, digest, message },
    exitCode: exitCodes.unsound,
  };
}

function lineOf({ question, live, restored }: Compared): string {
  if (live === restored) return `${short(live)}  ${question}`;
  return `${short(live)}  ${question}, but ${short(restored)} in what was restored`;
}

const short = (digest: string) => digest.slice(0, 16);
