/**
 * A backup in a directory: segments, which are never changed once they have their names, and a
 * manifest that names them. What is written is on disk before the manifest names it, and removed only
 * after the manifest names it no more; so a process that is killed leaves a whole backup.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackupSource,
  digestFile,
  hexOf,
  type LogEnd,
  limits,
  lockFile,
  mergeSegments,
  renameDurably,
  type Segment,
  syncPath,
  writeDurably,
} from '../db/index.ts';
import { refuseAltered } from './altered-segment.ts';
import type { OnVersions } from './backup.ts';
import {
  chainStart,
  fileOf,
  type Manifest,
  manifestName,
  manifestOf,
  momentOf,
  readManifest,
  type SegmentEntry,
  segmentPattern,
  textOf,
} from './manifest.ts';
import { Refused, writingAt } from './refused.ts';
import { mergeableOf } from './roll-up.ts';

const unfinishedName = 'segment.unfinished';
/** Held by whoever writes. */
const writingName = '.writing';
/** Shared by those who read segments: what was merged stays until they have. */
const readingName = '.reading';

export class BackupDirectory {
  readonly #directory: string;
  readonly #release: () => void;
  #manifest: Manifest;

  private constructor(directory: string, manifest: Manifest, release: () => void) {
    this.#directory = directory;
    this.#manifest = manifest;
    this.#release = release;
  }

  /**
   * Opens a backup to be written, or begins one in a directory that is empty or not there.
   * @throws Refused when somebody else writes there, or there is something else.
   */
  static async open(directory: string, logId: string): Promise<BackupDirectory> {
    return await writingAt(directory, async () => {
      mkdirSync(directory, { recursive: true });
      refuseOthers(directory);
      const release = lockFile(join(directory, writingName));
      if (!release) {
        throw new Refused('IN_USE', `Another process is writing the backup ${directory}.`);
      }
      try {
        const isBegun = existsSync(join(directory, manifestName));
        const manifest = isBegun ? readManifest(directory) : manifestOf(logId, []);
        const backup = new BackupDirectory(directory, manifest, release);
        if (!isBegun) await backup.#name([]);
        backup.#removeUnnamed();
        return backup;
      } catch (error) {
        release();
        throw error;
      }
    });
  }

  get segments(): readonly SegmentEntry[] {
    return this.#manifest.segments;
  }

  /** Where the backup ends: the position, and the digest of the chain there. */
  get end(): { readonly position: number; readonly digest: string } {
    return this.segments.at(-1) ?? { position: 0, digest: chainStart };
  }

  /**
   * Adds what came to the log after the end of the backup, up to an end that the log has, in as many
   * segments as that takes.
   */
  async add(
    source: BackupSource,
    after: LogEnd,
    until: LogEnd,
    onVersions: OnVersions,
  ): Promise<void> {
    await writingAt(this.#directory, async () => {
      for (let from = after; from.position < until.position; ) {
        const segment = await this.#write((path) =>
          source.writeSegment(path, {
            after: from,
            until,
            bytesMax: limits.segmentBytesMax,
            earlier: this.segments.map(({ file }) => this.#path(file)),
            onVersions,
          }),
        );
        await this.#name([...this.segments, segment.entry]);
        from = segment.end;
        await this.#rollUp();
      }
    });
  }

  /** Lets others write. */
  close(): void {
    this.#removeUnnamed();
    this.#release();
  }

  /** Has the last segments become one, where they are many and small. */
  async #rollUp(): Promise<void> {
    const { segments } = this;
    const count = mergeableOf(segments.map(({ bytes }) => bytes));
    if (count === 0) return;
    const merged = segments.slice(-count);
    // What a disk has changed would otherwise get a digest that says it is right.
    for (const entry of merged) await refuseAltered(this.#directory, entry);
    const paths = merged.map(({ file }) => this.#path(file));
    const { entry } = await this.#write((path) => mergeSegments(paths, path));
    await this.#name([...segments.slice(0, -count), entry]);
    this.#removeUnnamed();
  }

  /** Writes a segment, and gives it its name once it is on disk. */
  async #write(
    write: (path: string) => Promise<Segment>,
  ): Promise<{ readonly entry: SegmentEntry; readonly end: LogEnd }> {
    const path = this.#path(unfinishedName);
    rmSync(path, { force: true });
    try {
      const { after, end } = await write(path);
      await syncPath(path);
      const digest = await digestFile(path);
      const file = fileOf(after.position, end.position);
      await renameDurably(path, this.#path(file));
      const entry = {
        file,
        after: after.position,
        position: end.position,
        digestAfter: hexOf(after.digest),
        digest: hexOf(end.digest),
        committedAt: momentOf(end.committedAt),
        ...digest,
      };
      return { entry, end };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  async #name(segments: readonly SegmentEntry[]): Promise<void> {
    const manifest = manifestOf(this.#manifest.logId, segments);
    await writeDurably(this.#path(manifestName), textOf(manifest));
    this.#manifest = manifest;
  }

  /** Removes what was merged, or left by a process that was killed, unless somebody reads it. */
  #removeUnnamed(): void {
    const named = new Set(this.segments.map(({ file }) => file));
    const unnamed = readdirSync(this.#directory).filter(
      (file) => segmentPattern.test(file) && !named.has(file),
    );
    if (unnamed.length === 0) return;
    const release = lockFile(this.#path(readingName));
    if (!release) return;
    try {
      for (const file of unnamed) rmSync(this.#path(file), { force: true });
    } finally {
      release();
    }
  }

  #path(file: string): string {
    return join(this.#directory, file);
  }
}

/** Has no segment removed until it is released, where that can be. */
export function holdSegments(directory: string): () => void {
  try {
    return lockFile(join(directory, readingName), true) ?? (() => {});
  } catch {
    // It cannot be written there, so that nobody removes anything either.
    return () => {};
  }
}

/** @throws Refused when a directory has files, and is no backup. */
function refuseOthers(directory: string): void {
  // SQLite has files beside the one that it locks.
  const own = [manifestName, writingName, readingName];
  const isOwn = (file: string) =>
    own.some((name) => file.startsWith(name)) || segmentPattern.test(file);
  const files = readdirSync(directory);
  if (files.includes(manifestName) || files.every(isOwn)) return;
  throw new Refused(
    'TARGET_EXISTS',
    `${directory} has files, but no ${manifestName}: it is no backup. Name an empty directory.`,
  );
}
