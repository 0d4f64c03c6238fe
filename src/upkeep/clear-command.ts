/** `everstate clear` from the command line: what is asked before, kept before, and told of it. */
import { basename, dirname, join, resolve } from 'node:path';
import { backUp } from '../backup/index.ts';
import {
  BackupSource,
  hasLog,
  hexOf,
  LogClearing,
  type LogEnd,
  noLog,
  openLog,
} from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import {
  type Asked,
  confirm,
  count,
  interruptibly,
  kindNamed,
  list,
  startProgress,
  type Told,
} from '../terminal/index.ts';
import { clearKinds } from './clear-kinds.ts';
import { Refused } from './refused.ts';

/** As they are given; `json` concerns who tells. */
export interface ClearOptions {
  /** Names of kinds of records; all that the log has without it. */
  readonly only?: readonly string[];
  /** Where the log is backed up to before; beside the data directory without it, nowhere with false. */
  readonly backup?: string | false;
  /** Whether nobody is asked. */
  readonly yes?: boolean;
  readonly actor?: string;
  readonly reason?: string;
}

const word = 'clear';

/**
 * @param data the data directory.
 * @param entities those that it is served with.
 * @param asked who confirms it.
 * @throws Refused, Refusal, CannotOpen, LogInUse, and what a backup and the log throw: what was backed
 *   up by then stays.
 */
export async function runClear(
  options: ClearOptions,
  data: string,
  entities: readonly Entity[],
  asked?: Asked,
): Promise<Told> {
  if (!hasLog(data)) throw noLog(data);
  const kinds = kindsGiven(options, entities);
  const target = options.backup === false ? null : (options.backup ?? besideOf(data));
  if (!options.yes) await ask(data, kinds, target, asked);
  if (kinds === null) return await clearAll(data, entities, target);
  const { actor = null, reason = 'everstate clear' } = options;
  return await clearSome(data, entities, kinds, target, { actor, reason });
}

/** @returns null for all of them. */
function kindsGiven(
  { only, actor, reason }: ClearOptions,
  entities: readonly Entity[],
): readonly Entity[] | null {
  if (only === undefined) {
    if (actor === undefined && reason === undefined) return null;
    const message =
      '--actor and --reason are kept with what --only deletes; a new log has nothing to keep them with.';
    throw new Refused('BAD_ARGUMENT', message);
  }
  return [...new Set(only)].map((name) => kindNamed(name, entities));
}

/** A file beside the data directory, named for it and the moment. */
function besideOf(data: string): string {
  const path = resolve(data);
  const moment = new Date().toISOString().replace(/[:.]/g, '-');
  return join(dirname(path), `${basename(path)}-${moment}.backup`);
}

async function ask(
  data: string,
  kinds: readonly Entity[] | null,
  target: string | null,
  asked: Asked | undefined,
): Promise<void> {
  const what = kinds
    ? `This deletes every ${list(kinds.map(({ name }) => name))} of ${data}; their history stays.`
    : `This takes all records of ${data} away, with their history.`;
  const kept = target === null ? 'No backup is made.' : `It is backed up to ${target} before.`;
  if (await confirm(`${what} ${kept}`, word, asked)) return;
  throw new Refused('NOT_CONFIRMED', `Nothing was changed, since “${word}” was not typed.`);
}

async function clearAll(
  data: string,
  entities: readonly Entity[],
  target: string | null,
): Promise<Told> {
  // Nobody need wait for a backup to hear that a server is in the way.
  await (await LogClearing.open(data)).close();
  const backup = target === null ? null : await backUpBefore(data, target);
  const log = await LogClearing.open(data);
  try {
    const end = log.end();
    refuseWhenMoved(backup, end);
    await log.clear(entities);
    return {
      lines: [
        `Cleared ${data} of ${count(end.position, 'version')}${whereKept(target)}. It has a new log, ` +
          'which is empty.',
      ],
      outcome: { data: resolve(data), kinds: null, versions: end.position, position: 0, backup },
    };
  } finally {
    await log.close();
  }
}

/** To copy the log others must be let in for as long as that takes. */
function refuseWhenMoved(backup: Told['outcome'] | null, { position, digest }: LogEnd): void {
  if (!backup || (backup.position === position && backup.digest === hexOf(digest))) return;
  throw new Refused(
    'LOG_MOVED',
    `Somebody else wrote into the log: it was backed up to position ${backup.position}, and ends at ` +
      `${position}. Nothing was cleared; run this again.`,
  );
}

async function clearSome(
  data: string,
  entities: readonly Entity[],
  kinds: readonly Entity[],
  target: string | null,
  about: { readonly actor: string | null; readonly reason: string },
): Promise<Told> {
  const backup = target === null ? null : await backUpBefore(data, target);
  const log = await openLog({ directory: data, entities, mustExist: true });
  try {
    const versions = (await log.totals()).position * kinds.length;
    const manner = { stream: process.stderr, isInterruptible: true } as const;
    const deleted = await interruptibly(async (refuseWhenInterrupted) => {
      const progress = startProgress('Clearing', Math.max(1, versions), 'versions', manner);
      const onVersions = (by: number) => {
        progress.advance('', by);
        refuseWhenInterrupted();
      };
      return await clearKinds(log, kinds, about, onVersions).finally(progress.stop);
    });
    const { position } = await log.totals();
    const names = kinds.map(({ name }) => name);
    return {
      lines: [
        `Deleted ${count(deleted, 'record')} of ${list(names)}, whose history stays; ${data} is at ` +
          `position ${position}${whereKept(target)}.`,
      ],
      outcome: { data: resolve(data), kinds: names, deleted, position, backup },
    };
  } finally {
    await log.close();
  }
}

async function backUpBefore(data: string, target: string): Promise<Told['outcome']> {
  const source = await BackupSource.open(data);
  try {
    return (await backUp(source, target)).outcome;
  } finally {
    await source.close();
  }
}

function whereKept(target: string | null): string {
  return target === null ? '' : `; what was there is in ${target}`;
}
