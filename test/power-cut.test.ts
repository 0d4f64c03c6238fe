/**
 * Power cuts: what a process wrote is noted, call by call, and at random moments a disk is made that has what
 * was brought to it, and of the rest any part. What was acknowledged must be there, and the log be whole.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../src/db/index.ts';
import { positionZero } from '../src/entities/index.ts';
import { OtherProcess } from './support/other-process.ts';
import { afterPowerCut, bytesIn, type FileCall, recordCalls } from './support/power-cut.ts';
import { type RandomNumber, randomNumbers } from './support/random.ts';
import { logPath, temporaryDirectory, withStore } from './support/temporary-store.ts';

/** How often the power is cut; POWER_CUTS=500 is for whoever has some minutes. */
const cuts = Number(process.env.POWER_CUTS ?? 25);
const cutTimeMaxMs = 5_000;
/** How long the process writes. */
const workTimeMs = 1_000;
/** Of a hundred blocks that no fsync told of, how many are on disk all the same. */
const keptOfHundred = [0, 5, 50, 95, 100];

/** What the process was asked for, and when it said that it was done. */
interface Acknowledged {
  readonly at: number;
  readonly kind: 'todo' | 'file' | 'part';
  /** A subject, a SHA-256, the id of an upload. */
  readonly name: string;
  /** Of a part. */
  readonly bytes: number;
}

const now = () => performance.timeOrigin + performance.now();

/** Writes todos, files and parts of uploads at the same time. */
async function work(writer: OtherProcess, random: RandomNumber): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const end = now() + workTimeMs;
  const repeat = async (kind: Acknowledged['kind'], write: (bytes: number) => Promise<string>) => {
    while (now() < end) {
      const bytes = 1 + random(random(3) ? 100_000 : 6_000_000);
      acknowledged.push({ name: await write(bytes), at: now(), kind, bytes });
    }
  };
  let count = 0;
  await Promise.all([
    repeat('todo', async () => {
      const subject = `todo ${count++}`;
      await writer.ask('createTodos', [subject]);
      return subject;
    }),
    repeat('file', (bytes) => writer.ask('uploadFile', bytes)),
    repeat('part', (bytes) => writer.ask('uploadPart', bytes + 1)),
  ]);
  return acknowledged;
}

/** In the middle of an fsync, at the end of one, or as soon as something was acknowledged. */
function momentOf(
  calls: readonly FileCall[],
  acknowledged: readonly Acknowledged[],
  random: RandomNumber,
): number {
  const any = <T>(all: readonly T[]) => all[random(all.length)] as T;
  const { beganAt, endedAt } = any(calls.filter(({ name }) => name === 'sync'));
  const moments = [beganAt + ((endedAt - beganAt) * random(100)) / 100, endedAt];
  return any([...moments, any(acknowledged).at]);
}

/** What of all that was acknowledged is not in a store. */
async function missingIn(store: Store, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const versions = await store.versionsBetween(positionZero, await store.head());
  const names = new Set(
    versions.map(({ values }) => ('subject' in values ? values.subject : values.filename)),
  );
  const missing: string[] = [];
  for (const { kind, name, bytes } of acknowledged) {
    if (kind !== 'part') {
      if (!names.has(name)) missing.push(`${kind} ${name}`);
      continue;
    }
    const state = await store.findResumable(name, null);
    const came = state && state.chunkBytes + state.tail.length;
    if (came !== bytes) missing.push(`${bytes} bytes of ${name}, which has ${came}`);
  }
  return missing;
}

test(`${cuts} power cuts lose nothing that was acknowledged and leave nothing half done`, {
  timeout: 30_000 + cuts * cutTimeMaxMs,
}, async (context) => {
  const seed = Number(process.env.POWER_SEED ?? Date.now() % 2 ** 31);
  console.log(`power cut at random moments: POWER_SEED=${seed}`);
  const random = randomNumbers(seed);
  const directory = temporaryDirectory();
  const writer = await OtherProcess.openOne(directory);
  await writer.ask('createTodos', ['before']);
  const paths = [logPath(directory), `${logPath(directory)}-wal`];
  const endRecording = await recordCalls(context, writer.pid, paths);
  const before = paths.map(bytesIn);
  const acknowledged = await work(writer, random);
  const calls = await endRecording();
  await writer.kill();

  const disk = join(temporaryDirectory(), 'disk');
  for (let cut = 0; cut < cuts; cut += 1) {
    const at = momentOf(calls, acknowledged, random);
    const share = keptOfHundred[cut % keptOfHundred.length] as number;
    rmSync(disk, { recursive: true, force: true });
    mkdirSync(disk);
    for (const [index, path] of paths.entries()) {
      const own = calls.filter((call) => call.path === path);
      const left = afterPowerCut(before[index] as Buffer, own, at, () => random(100) < share);
      writeFileSync(join(disk, basename(path)), left);
    }
    const due = acknowledged.filter((each) => each.at <= at);
    await withStore({ directory: disk, replicaInMemory: true }, async (store) => {
      expect(await missingIn(store, due), `cut ${cut}`).toEqual([]);
      expect((await store.verify()).defect, `cut ${cut}`).toBeNull();
    });
  }
  console.log(`${acknowledged.length} acknowledged, ${calls.length} calls`);
});
