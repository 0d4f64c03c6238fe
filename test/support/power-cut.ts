/** A power cut: of what a process wrote to files, what was not brought to disk is there in part, or not at all. */
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'vitest';
import { attachStrace } from './strace.ts';
import { temporaryDirectory } from './temporary-store.ts';

/** A disk keeps such a block as it was before, or as it was after. */
const blockBytes = 4_096;

/** More than SQLite writes at once. */
const writeBytesMax = 16 * 1024 * 1024;

/** What a process did to a file. Times are those of the clock, in milliseconds. */
export type FileCall = {
  readonly path: string;
  readonly beganAt: number;
  readonly endedAt: number;
} & (
  | { readonly name: 'write'; readonly bytes: Buffer; readonly offset: number }
  | { readonly name: 'truncate'; readonly size: number }
  | { readonly name: 'sync' }
);

/**
 * Notes what a process does to files from now on, by strace; whatever was written to them before counts
 * as brought to disk.
 * @returns ends it, and gives what was done, in order.
 */
export async function recordCalls(
  context: TestContext,
  pid: number,
  paths: readonly string[],
): Promise<() => Promise<FileCall[]>> {
  const traces = temporaryDirectory();
  const only = paths.flatMap((path) => ['-P', path]);
  const calls = 'trace=pwrite64,write,writev,pwritev,fsync,fdatasync,ftruncate,fallocate';
  const shown = ['-ttt', '-T', '-y', '-xx', '-s', String(writeBytesMax), '-e', calls];
  // A file per thread, in which calls do not interrupt each other.
  const args = [...only, ...shown, '-ff', '-o', join(traces, 'of')];
  const end = await attachStrace(context, pid, args, 'what is written can be noted');
  return async () => {
    await end();
    const read = await Promise.all(readdirSync(traces).map((name) => callsOf(join(traces, name))));
    return read.flat().sort((one, other) => one.beganAt - other.beganAt);
  };
}

const callForm =
  /^(?<at>[\d.]+) (?<name>\w+)\(\d+<(?<path>[^>]+)>(?<rest>.*)\) = (?<is>-?\d+).*<(?<took>[\d.]+)>$/s;

async function callsOf(trace: string): Promise<FileCall[]> {
  const calls: FileCall[] = [];
  for await (const line of createInterface(createReadStream(trace, 'latin1'))) {
    const { at, name, path = '', rest = '', is, took } = callForm.exec(line)?.groups ?? {};
    // Such as the last one of a process that was killed.
    if (at === undefined) continue;
    const beganAt = Number(at) * 1_000;
    const about = {
      path: unhex(path).toString(),
      beganAt,
      endedAt: beganAt + Number(took) * 1_000,
    };
    const [, bytes = '', ...numbers] = /^, (?:"(.*)", )?(\d+)?(?:, (\d+))?$/s.exec(rest) ?? [];
    const [first, second] = numbers.map(Number);
    if (name === 'pwrite64' && Number(is) === first && second !== undefined) {
      calls.push({ ...about, name: 'write', bytes: unhex(bytes), offset: second });
    } else if (name === 'ftruncate' && is === '0' && first !== undefined) {
      calls.push({ ...about, name: 'truncate', size: first });
    } else if ((name === 'fsync' || name === 'fdatasync') && is === '0') {
      calls.push({ ...about, name: 'sync' });
    } else throw new Error(`A call that is not understood: ${line.slice(0, 200)}`);
  }
  return calls;
}

/** `\x2f\x74` as bytes. */
function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

/**
 * What a file has after a power cut.
 * @param before what was on disk when the calls were begun to be noted.
 * @param at when the power was cut.
 * @param isKept asked of each block, and each truncation, of which no fsync that had ended told.
 */
export function afterPowerCut(
  before: Buffer,
  calls: readonly FileCall[],
  at: number,
  isKept: () => boolean,
): Buffer {
  const begun = calls.filter(({ beganAt }) => beganAt <= at);
  const synced = begun.findLast(({ name, endedAt }) => name === 'sync' && endedAt <= at)?.beganAt;
  const ends = begun.map((call) => (call.name === 'write' ? call.offset + call.bytes.length : 0));
  const file = Buffer.alloc(Math.max(before.length, ...ends));
  before.copy(file);
  let size = before.length;
  for (const call of begun) {
    const isOnDisk = synced !== undefined && call.endedAt <= synced;
    if (call.name === 'truncate' && (isOnDisk || isKept())) {
      file.fill(0, call.size);
      size = call.size;
    } else if (call.name === 'write') {
      for (const [start, end] of blocksOf(call)) {
        if (!isOnDisk && !isKept()) continue;
        call.bytes.copy(file, start, start - call.offset, end - call.offset);
        size = Math.max(size, end);
      }
    }
  }
  return file.subarray(0, size);
}

/** The parts of a write that lie in one block each, from where to where in the file. */
function* blocksOf({ offset, bytes }: { readonly offset: number; readonly bytes: Buffer }) {
  const last = offset + bytes.length;
  for (let start = offset; start < last; ) {
    const end = Math.min(last, (Math.floor(start / blockBytes) + 1) * blockBytes);
    yield [start, end] as const;
    start = end;
  }
}

/** @returns the bytes of a file; none where there is no such file. */
export function bytesIn(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
