/** `everstate put` from the command line: what is put where, and what is told of it. */
import { existsSync, statSync } from 'node:fs';
import { openLog } from '../db/index.ts';
import { type Entity, LakeFile } from '../entities/index.ts';
import { count, interruptibly, list, startProgress, type Told } from '../terminal/index.ts';
import { readTree } from './directory-tree.ts';
import { type Put, type PutTerms, putTree } from './put.ts';
import { Refused } from './refused.ts';

/** As they are given; `json` concerns who tells. */
export interface PutOptions {
  readonly to?: string;
  readonly user?: string;
  readonly delete?: boolean;
  readonly dryRun?: boolean;
}

/**
 * @param data the data directory.
 * @param entities those that the log is opened with.
 * @throws Refused, CannotOpen, and what the log throws.
 */
export async function runPut(
  directory: string,
  options: PutOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new Refused('NO_SUCH_SOURCE', `${directory} must be a directory, but is none.`);
  }
  if (!entities.includes(LakeFile)) {
    throw new Refused(
      'NO_SUCH_ENTITY',
      'Files are put into the lake: have --entities export LakeFile.',
    );
  }
  const dryRun = options.dryRun ?? false;
  const to = folderGiven(options.to);
  const terms = { userId: options.user ?? null, to, delete: options.delete ?? false, dryRun };
  const tree = await readTree(directory);
  const log = await openLog({ directory: data, entities, mustExist: dryRun });
  try {
    const put = await interruptibly(async (refuseWhenInterrupted) => {
      const manner = { stream: process.stderr, isInterruptible: true } as const;
      const progress = startProgress('Putting', tree.files.length, 'files', manner);
      const onFile = (name: string) => progress.advance(name);
      return await putTree(log, tree, terms, onFile, refuseWhenInterrupted).finally(progress.stop);
    });
    return told(put, terms, (await log.totals()).position);
  } finally {
    await log.close();
  }
}

function told(put: Put, { dryRun, to }: PutTerms, position: number): Told {
  const { created, updated, unchanged, deleted, bytes, passedOver } = put;
  const parts = [`${created} new`, `${updated} changed`, `${unchanged} as they were`];
  if (deleted > 0) parts.push(`${deleted} deleted`);
  const where = to === null ? 'the lake' : `${to} of the lake`;
  const did = dryRun ? 'Would put' : 'Put';
  const size = bytes.toLocaleString('en-US');
  const total = count(created + updated + unchanged, 'file');
  return {
    lines: [
      `${did} ${total} into ${where}, ${list(parts)}: ${size} bytes.`,
      ...passedOver.map(({ path, why }) => `Passed over ${JSON.stringify(path)}: ${why}.`),
    ],
    outcome: { dryRun, created, updated, unchanged, deleted, bytes, position, passedOver },
  };
}

/** A folder of the lake; the root with null. @throws Refused for what no path leads to. */
function folderGiven(given: string | undefined): string | null {
  if (given === undefined) return null;
  const folder = given.replace(/\/$/, '');
  const wrong = folder
    .split('/')
    .find((part) => ['', '.', '..'].includes(part) || part.includes('\0'));
  if (wrong === undefined) return folder;
  throw new Refused(
    'BAD_ARGUMENT',
    `--to must be names joined by “/”, none of them empty, “.” or “..”, but was ${JSON.stringify(given)}.`,
  );
}
