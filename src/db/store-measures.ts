/** A store in numbers, gathered when somebody asks. */
import { stat, statfs } from 'node:fs/promises';
import type { Answers } from './answers/answers.ts';
import type { Followers } from './feed/followers.ts';
import type { ReplicaMemory, StoreMeasures } from './shared/measures.ts';
import { Unavailable } from './shared/problems.ts';
import type { StoreFiles } from './store-files.ts';
import type { StoreHead } from './store-head.ts';
import type { Tables } from './tables/tables.ts';

/** What is measured. */
interface Measured {
  readonly files: StoreFiles;
  readonly head: StoreHead;
  readonly answers: Answers;
  readonly followers: Followers;
  readonly tables: Tables;
}

/** What a store measures, even while its log or its replica fails: then what is known of them. */
export async function measureStore(measured: Measured): Promise<StoreMeasures> {
  const { files, head, answers, followers, tables } = measured;
  const { replica, directory, path } = files;
  const known = await unlessUnavailable(() => head.look());
  return {
    head: known ?? head.known,
    watermark: replica.watermark,
    followers: followers.count,
    waitingFollowers: followers.waiting,
    keptAnswers: answers.measures,
    replicaMemory: await replicaMemory(files),
    fileBytes: {
      log: await bytesAt(path),
      writeAheadLog: await bytesAt(`${path}-wal`),
      replica: await bytesAt(replica.path),
      tables: tables.bytes,
    },
    diskFreeBytes: await freeBytesAt(directory),
  };
}

async function replicaMemory({ replica }: StoreFiles): Promise<ReplicaMemory | null> {
  // While another one is made, nobody waits for it only to measure it.
  if (replica.state === 'building' || replica.state === 'failed') return null;
  return await unlessUnavailable(() => replica.read((open) => open.memory()));
}

async function unlessUnavailable<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
}

/** @param path null for what lies in no file. */
async function bytesAt(path: string | null): Promise<number> {
  if (path === null) return 0;
  try {
    return (await stat(path)).size;
  } catch {
    // Moved away, or on a disk that is gone: of which the health of the store tells.
    return 0;
  }
}

async function freeBytesAt(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    // As above.
    return null;
  }
}
