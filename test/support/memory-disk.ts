/**
 * Where the files of a run's tests lie: in memory, where there is room for them. Tests sync files to
 * their disk tens of thousands of times, and what they look for is whether that was asked for, and what
 * a process leaves behind that is killed. Neither takes a disk that keeps files when the power fails.
 */
import { accessSync, constants, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const memoryDisk = '/dev/shm';
/** What a run needs, with as much again to spare. */
const roomBytes = 2 * 1024 ** 3;

/** TMPDIR, where it says something; else the disk in memory, or the usual one. */
export function placeOfRuns(): string {
  if (process.env.TMPDIR !== undefined) return tmpdir();
  try {
    accessSync(memoryDisk, constants.W_OK);
    const { bavail, bsize } = statfsSync(memoryDisk);
    if (bavail * bsize >= roomBytes && freemem() >= 2 * roomBytes) return memoryDisk;
  } catch {
    // There is none.
  }
  return tmpdir();
}

/** What the name of a run's directory begins with. */
export const nameOfRun = `everstate-run-${process.pid}-`;

/** Removes what runs left behind that were killed: in memory it would stay until the machine is restarted. */
export function removeLeftBehind(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = /^everstate-run-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(place, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
