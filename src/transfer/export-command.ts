/** `everstate export` from the command line: what was asked for, and what is told of it. */
import { resolve } from 'node:path';
import { type LogAccess, openLog } from '../db/index.ts';
import { type Entity, type Position, positionZero } from '../entities/index.ts';
import {
  count,
  interruptibly,
  kindNamed,
  list,
  numberGiven,
  startProgress,
  type Told,
  timeGiven,
} from '../terminal/index.ts';
import { type ExportQuery, exportLog } from './export.ts';
import { type Format, formats } from './formats.ts';
import type { Manifest } from './manifest.ts';
import { Refused } from './refused.ts';

/** As they are given; `json` concerns who tells. */
export interface ExportOptions {
  readonly format?: string;
  readonly history?: boolean;
  readonly atPosition?: string;
  readonly atTime?: string;
  readonly entity?: readonly string[];
  readonly files?: boolean;
}

/**
 * @param data the data directory.
 * @param entities those that the log was opened with.
 * @throws Refused, CannotOpen, and what the log throws.
 */
export async function runExport(
  directory: string,
  options: ExportOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  const format = formatGiven(options.format ?? 'parquet');
  const chosen = chosenEntities(entities, options.entity);
  const log = await openLog({ directory: data, entities, mustExist: true });
  try {
    const isWhole = chosen.length === entities.length && log.hiddenKinds.length === 0;
    if (!options.entity) refuseHidden(log);
    const at = await positionAsked(log, options);
    const contains = options.history ? 'history' : 'state';
    const withContents = options.files ?? false;
    const query = {
      directory,
      format,
      contains,
      entities: chosen,
      isWhole,
      at,
      withContents,
    } as const;
    const manifest = await withProgress(log, query);
    return told(manifest, query);
  } finally {
    await log.close();
  }
}

async function withProgress(log: LogAccess, query: ExportQuery): Promise<Manifest> {
  const total = Math.max(1, query.at * query.entities.length);
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  return await interruptibly(async (refuseWhenInterrupted) => {
    const progress = startProgress('Exporting', total, 'positions', manner);
    const passed = (name: string, by: number) => progress.advance(name, by);
    return await exportLog(log, query, passed, refuseWhenInterrupted).finally(progress.stop);
  });
}

function told(manifest: Manifest, { directory, at }: ExportQuery): Told {
  const { entities, contains, transactions, contents, logId, format } = manifest;
  const noun = contains === 'history' ? 'version' : 'record';
  const parts = entities.map(({ name, rows }) => `${count(rows, noun)} of ${name}`);
  if (transactions) parts.push(count(transactions.rows, 'transaction'));
  if (contents) {
    const bytes = contents.bytes.toLocaleString('en-US');
    parts.push(`the contents of ${count(contents.count, 'file')} (${bytes} bytes)`);
  }
  return {
    lines: [`Exported ${list(parts)} as of position ${at} to ${directory}.`],
    outcome: {
      directory: resolve(directory),
      logId,
      position: at,
      contains,
      format,
      rows: Object.fromEntries(entities.map(({ name, rows }) => [name, rows])),
      transactions: transactions?.rows ?? null,
      contents,
    },
  };
}

/** @throws Refused where there is no such format. */
export function formatGiven(given: string): Format {
  const format = formats.find((each) => each === given);
  if (format) return format;
  throw new Refused(
    'BAD_ARGUMENT',
    `--format must be ${formats.join(', ')}, but was ${JSON.stringify(given)}.`,
  );
}

function chosenEntities(entities: readonly Entity[], names?: readonly string[]): readonly Entity[] {
  if (!names) return entities;
  for (const name of names) kindNamed(name, entities);
  return entities.filter(({ name }) => names.includes(name));
}

function refuseHidden({ hiddenKinds }: LogAccess): void {
  if (hiddenKinds.length === 0) return;
  throw new Refused(
    'KINDS_MISSING',
    `The log also holds records of ${list(hiddenKinds)}. Say --entities with the file that exports ` +
      'them, too, or name those to be exported with --entity.',
  );
}

async function positionAsked(log: LogAccess, options: ExportOptions): Promise<Position> {
  const head = (await log.totals()).position;
  const { atPosition, atTime } = options;
  if (atPosition !== undefined && atTime !== undefined) {
    throw new Refused('BAD_ARGUMENT', 'Say --at-position or --at-time, not both.');
  }
  let at = head;
  if (atPosition !== undefined) {
    const range = { min: 0, max: head, name: `from 0 to the last position ${head}` };
    at = numberGiven('--at-position', atPosition, range) as Position;
  }
  if (atTime !== undefined) {
    at = await log.positionAtTime(timeGiven('--at-time', atTime));
  }
  const end = at === positionZero ? at : await log.transactionEnd(at);
  if (options.history && end !== at) {
    throw new Refused(
      'BAD_ARGUMENT',
      `--at-position must be where a transaction ends, for a history to go on from, but position ${at} ` +
        `lies within one that ends at ${end}.`,
    );
  }
  return at;
}
