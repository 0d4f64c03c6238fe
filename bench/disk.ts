/** What a data directory takes on disk. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logName } from './dataset.ts';

const settleLimitMs = 120_000;

/** Megabytes of the log and of the replicas in a data directory. */
export function megabytesOnDisk(directory: string): { log: number; replica: number } {
  const size = (path: string) => (existsSync(path) ? statSync(path).size / 2 ** 20 : 0);
  const replicas = join(directory, 'replica');
  const names = existsSync(replicas) ? readdirSync(replicas) : [];
  return {
    log: size(join(directory, logName)) + size(join(directory, `${logName}-wal`)),
    replica: names.reduce((sum, name) => sum + size(join(replicas, name)), 0),
  };
}

/** Until nothing is merged or written back any more: the files keep their sizes. */
export async function untilSettled(directory: string): Promise<void> {
  const deadline = performance.now() + settleLimitMs;
  let [before, same] = ['', 0];
  while (same < 5 && performance.now() < deadline) {
    await sleep(1_000);
    const now = JSON.stringify(megabytesOnDisk(directory));
    same = now === before ? same + 1 : 0;
    before = now;
  }
}
