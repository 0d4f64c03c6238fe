/** `everstate import` from the command line: what is imported, and what is told of it. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasLog, type LogAccess, openLog } from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import {
  count,
  interruptibly,
  kindNamed,
  list,
  type Progress,
  type RefuseWhenInterrupted,
  startProgress,
  type Told,
} from '../terminal/index.ts';
import { DkdcHistory } from './dkdc-history.ts';
import { formatGiven } from './export-command.ts';
import { ExportedHistory } from './exported-history.ts';
import { formatOf } from './formats.ts';
import type { HistorySource } from './history-source.ts';
import { importHistory } from './import-history.ts';
import { checkState, importState, type StateSource, type StateTerms } from './import-state.ts';
import { contentsPath, fieldsOf, type Manifest, readExport } from './manifest.ts';
import { Refused } from './refused.ts';

/** As they are given; `json` concerns who tells. */
export interface ImportOptions {
  readonly entity?: string;
  readonly format?: string;
  readonly dkdc?: boolean;
  readonly update?: boolean;
  readonly dryRun?: boolean;
  readonly actor?: string;
  readonly reason?: string;
}

/**
 * @param sources an export, a file of records with `entity`, or databases of dkdc-state.
 * @param data the data directory.
 * @param entities those that the log is opened with.
 * @throws Refused, CannotOpen, and what the log throws.
 */
export async function runImport(
  sources: readonly string[],
  options: ImportOptions,
  data: string,
  entities: readonly Entity[],
): Promise<Told> {
  for (const source of sources) {
    if (!existsSync(source)) throw new Refused('NO_SUCH_SOURCE', `There is no ${source}.`);
  }
  return await interruptibly(async (refuseWhenInterrupted) => {
    if (options.dkdc) return await runDkdc(sources, options, data, entities, refuseWhenInterrupted);
    const source = await sourceOf(sources, options, entities);
    return 'transactions' in source
      ? await runHistory(source, options, data, entities, refuseWhenInterrupted)
      : await runState(source, options, data, entities, refuseWhenInterrupted);
  });
}

async function runDkdc(
  sources: readonly string[],
  options: ImportOptions,
  data: string,
  entities: readonly Entity[],
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Told> {
  if (options.entity !== undefined || options.format !== undefined) {
    throw new Refused('BAD_ARGUMENT', '--entity and --format are about a single file.');
  }
  const history = DkdcHistory.open(sources);
  try {
    const told = await runHistory(history, options, data, entities, refuseWhenInterrupted);
    const { notes } = history;
    return { lines: [...told.lines, ...notes], outcome: { ...told.outcome, notes } };
  } finally {
    history.close();
  }
}

interface CountedState extends StateSource {
  readonly rows: number;
}

async function sourceOf(
  sources: readonly string[],
  options: ImportOptions,
  entities: readonly Entity[],
): Promise<HistorySource | CountedState> {
  const [path, another] = sources;
  if (path === undefined || another !== undefined) {
    throw new Refused('BAD_ARGUMENT', 'One export, or one file, is imported at a time.');
  }
  if (statSync(path).isDirectory()) return await exportAt(path, options, entities);
  return fileAt(path, options, entities);
}

async function exportAt(
  directory: string,
  options: ImportOptions,
  entities: readonly Entity[],
): Promise<HistorySource | CountedState> {
  if (options.entity !== undefined || options.format !== undefined) {
    throw new Refused('BAD_ARGUMENT', '--entity and --format are about a single file.');
  }
  const manifest = await readExport(directory);
  const known = manifest.entities.map((each) => entityOf(each, entities));
  if (manifest.contains === 'history') return new ExportedHistory(directory, manifest, known);
  return {
    rows: manifest.entities.reduce((sum, { rows }) => sum + rows, 0),
    files: manifest.entities.map(({ file }, place) => ({
      entity: known[place] as Entity,
      path: join(directory, file),
      format: manifest.format,
    })),
    contents: (sha256) => {
      const path = contentsPath(directory, sha256);
      return existsSync(path) ? { path } : null;
    },
  };
}

/** @throws Refused where what was exported is another kind of record than the one of that name. */
function entityOf(
  { name, fields }: Manifest['entities'][number],
  entities: readonly Entity[],
): Entity {
  const entity = entities.find((each) => each.name === name);
  if (!entity) {
    throw new Refused(
      'NO_SUCH_ENTITY',
      `The export holds records of ${name}. Say --entities with the file that exports that kind, too.`,
    );
  }
  const defined = fieldsOf(entity);
  for (const [field, { kind }] of Object.entries(fields)) {
    if (defined[field]?.kind === kind) continue;
    const now = defined[field] ? `is ${defined[field].kind} now` : 'is not defined now';
    throw new Refused(
      'NO_SUCH_ENTITY',
      `The field ${field} of ${name} was ${kind} when it was exported, but ${now}. Define it so.`,
    );
  }
  return entity;
}

function fileAt(
  path: string,
  { entity: name, format: given }: ImportOptions,
  entities: readonly Entity[],
): CountedState {
  if (name === undefined) {
    throw new Refused('BAD_ARGUMENT', `Say with --entity what the rows of ${path} are.`);
  }
  const entity = kindNamed(name, entities);
  const format = given === undefined ? formatOf(path) : formatGiven(given);
  if (!format) throw new Refused('BAD_ARGUMENT', `Say with --format what ${path} is.`);
  return { rows: 0, files: [{ entity, path, format }], contents: () => null };
}

async function runHistory(
  source: HistorySource,
  options: ImportOptions,
  data: string,
  entities: readonly Entity[],
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Told> {
  if (options.update || options.actor !== undefined || options.reason !== undefined) {
    const message = 'History comes as it was: --update, --actor and --reason are about records.';
    throw new Refused('BAD_ARGUMENT', message);
  }
  const dryRun = options.dryRun ?? false;
  const run = async (log: LogAccess, trial: LogAccess | null) =>
    await showing('Importing', source.versions, 'versions', (progress) => {
      const onVersions = (what: string, versions: number) => progress.advance(what, versions);
      return importHistory(log, source, onVersions, refuseWhenInterrupted, trial);
    });
  const imported = await withLog(data, entities, dryRun, async (log) =>
    dryRun ? await withTrial(entities, (trial) => run(log, trial)) : await run(log, null),
  );
  const { found, versions, transactions, contents, position } = imported;
  const parts = [count(versions, 'version'), count(transactions, 'transaction')];
  if (contents > 0) parts.push(`the contents of ${count(contents, 'file')}`);
  const there = found > 0 ? `; ${count(found, 'version')} were there already` : '';
  const did = dryRun ? 'Would import' : 'Imported';
  return {
    lines: [`${did} ${list(parts)} into ${data}, up to position ${position}${there}.`],
    outcome: { dryRun, contains: 'history', found, versions, transactions, contents, position },
  };
}

async function runState(
  source: CountedState,
  options: ImportOptions,
  data: string,
  entities: readonly Entity[],
  refuseWhenInterrupted: RefuseWhenInterrupted,
): Promise<Told> {
  const dryRun = options.dryRun ?? false;
  const { update = false, actor = null, reason = null } = options;
  const terms: StateTerms = { update, actor, reason };
  return await withLog(data, entities, dryRun, async (log) => {
    const passes = dryRun ? 1 : 2;
    const imported = await showing('Importing', source.rows * passes, 'rows', async (progress) => {
      const onRows = (what: string, rows: number) => progress.advance(what, rows);
      const checked = await checkState(log, source, terms, onRows, refuseWhenInterrupted);
      if (dryRun) return checked;
      return await importState(log, source, terms, onRows, refuseWhenInterrupted);
    });
    const { position } = await log.totals();
    const did = dryRun ? 'Would have' : 'Done:';
    const { created, updated, unchanged } = imported;
    const parts = [`${created} created`, `${updated} updated`, `${unchanged} as they were`];
    return {
      lines: [`${did} ${list(parts)}; ${data} is at position ${position}.`],
      outcome: { dryRun, contains: 'state', ...imported, position },
    };
  });
}

/** @param dryRun leave no log where there is none. */
async function withLog<T>(
  directory: string,
  entities: readonly Entity[],
  dryRun: boolean,
  use: (log: LogAccess) => Promise<T>,
): Promise<T> {
  if (dryRun && !hasLog(directory)) return await withTrial(entities, use);
  const log = await openLog({ directory, entities });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

/** Runs with an empty log that is thrown away. */
async function withTrial<T>(
  entities: readonly Entity[],
  use: (log: LogAccess) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-trial-'));
  try {
    return await withLog(directory, entities, false, use);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function showing<T>(
  title: string,
  total: number,
  noun: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const manner = { stream: process.stderr, isInterruptible: true } as const;
  const progress = startProgress(title, total, noun, manner);
  return await work(progress).finally(progress.stop);
}
