/** `everstate erase` from the command line: what was asked for, and what is told of it. */
import { writeFile } from 'node:fs/promises';
import { limits, NotFound, openLog, type Receipt, type RecordName } from '../db/index.ts';
import type { Entity } from '../entities/index.ts';
import {
  type Asked,
  confirm,
  count,
  interruptibly,
  kindNamed,
  list,
  type Told,
} from '../terminal/index.ts';
import { Refused } from './refused.ts';

const word = 'erase';

/** As they are given; `json` concerns who tells. */
export interface EraseOptions {
  /** Whose records to erase, of all kinds that have an owner, instead of one. */
  readonly owner?: string;
  readonly reason?: string;
  /** Who erases. */
  readonly actor?: string;
  /** A file for the receipts. */
  readonly receipt?: string;
  readonly yes?: boolean;
}

/**
 * @param name the kind of the record, and `id` its id; neither with `owner`.
 * @param data the data directory.
 * @param entities those that it is served with.
 * @param asked who confirms it.
 * @throws Refused, Refusal, and what opening and writing the log throw.
 */
export async function runErase(
  name: string | undefined,
  id: string | undefined,
  given: EraseOptions,
  data: string,
  entities: readonly Entity[],
  asked?: Asked,
): Promise<Told> {
  const log = await openLog({ directory: data, entities, mustExist: true });
  try {
    const records = await recordsOf(name, id, given.owner, entities, (entity, owner) =>
      log.recordsOfOwner(entity, owner),
    );
    if (records.length > 0 && !given.yes) await ask(records, asked);
    const about = { actor: given.actor ?? null, reason: given.reason ?? null };
    const receipts = await interruptibly(async (refuseWhenInterrupted) => {
      const done: Receipt[] = [];
      for (let begin = 0; begin < records.length; begin += limits.erasedRecordsMax) {
        refuseWhenInterrupted();
        const some = records.slice(begin, begin + limits.erasedRecordsMax);
        const receipt = await log.erase(some, about);
        if (receipt) done.push(receipt);
      }
      if (done.length > 0) await log.finishErasures();
      return done;
    });
    if (given.receipt !== undefined && receipts.length > 0) {
      await writeFile(given.receipt, `${JSON.stringify(receipts, null, 2)}\n`, { flag: 'wx' });
    }
    return told(receipts, given.receipt);
  } catch (error) {
    throw error instanceof NotFound ? new Refused('NOT_FOUND', error.message) : error;
  } finally {
    await log.close();
  }
}

async function recordsOf(
  name: string | undefined,
  id: string | undefined,
  owner: string | undefined,
  entities: readonly Entity[],
  find: (entity: Entity, owner: string) => Promise<RecordName[]>,
): Promise<RecordName[]> {
  if (owner !== undefined) {
    if (name !== undefined) {
      throw new Refused('BAD_ARGUMENT', 'Name a record, or an owner with --owner: not both.');
    }
    const owned = entities.filter((entity) => entity.owner !== null);
    return (await Promise.all(owned.map((entity) => find(entity, owner)))).flat();
  }
  if (name === undefined || id === undefined) {
    throw new Refused('BAD_ARGUMENT', 'Name a record by its kind and its id, or say --owner.');
  }
  return [{ entity: kindNamed(name, entities), id }];
}

async function ask(records: readonly RecordName[], asked: Asked | undefined): Promise<void> {
  const named = records.slice(0, 3).map(({ entity, id }) => `${entity.name} ${JSON.stringify(id)}`);
  const more = records.length > 3 ? [`${count(records.length - 3, 'other')}`] : [];
  const question = `This erases all that ${list([...named, ...more])} held, for good.`;
  if (await confirm(question, word, asked)) return;
  throw new Refused('NOT_CONFIRMED', `Nothing was erased, since “${word}” was not typed.`);
}

function told(receipts: readonly Receipt[], file: string | undefined): Told {
  const records = receipts.flatMap((receipt) => receipt.records);
  const versions = records.reduce((sum, { positions }) => sum + positions.length, 0);
  const contentsBytes = receipts.reduce((sum, receipt) => sum + receipt.contentsBytes, 0);
  if (receipts.length === 0) {
    return { lines: ['Nothing was left to erase.'], outcome: { records: 0, receipts: [] } };
  }
  const lines = [
    `Erased ${count(versions, 'version')} of ${count(records.length, 'record')}, and ${count(contentsBytes, 'byte')} of files.`,
    'Servers of this directory forget it within seconds. Backups and exports still have it.',
    file === undefined
      ? 'The receipt is told with --json, and written with --receipt.'
      : `The receipt is in ${file}.`,
  ];
  return { lines, outcome: { records: records.length, versions, contentsBytes, receipts } };
}
