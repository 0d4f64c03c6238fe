/**
 * A drill: a backup is restored, and what was restored is asked the same as the log that is served. A
 * backup that was never restored is none. Both are opened as a server opens them, so that what would
 * keep a server from starting shows; answers are compared by their SHA-256.
 */
import { createHash } from 'node:crypto';
import type { Store, StoreReads } from '../db/index.ts';
import {
  type Entity,
  fieldValue,
  type Microseconds,
  type Position,
  type Version,
} from '../entities/index.ts';

/** Records of which histories, and contents, are compared, of each kind. */
const samples = 20;
/** Records of each kind that are compared, besides those of the lists. */
const recordsMax = 10_000;
const momentsOfSeries = 24;
/** Shares of the log at whose ends earlier states are compared. */
const shares = [0.25, 0.5, 0.75, 1];

/** A question, and what both said to it. */
export interface Compared {
  /** `list of Todo at 1054`. */
  readonly question: string;
  /** SHA-256 of the answer of the log that is served, in hexadecimal … */
  readonly live: string;
  /** … and of what was restored. */
  readonly restored: string;
}

interface Question {
  readonly name: string;
  readonly ask: (store: StoreReads) => Promise<unknown>;
}

/** Told how far comparing has come. */
export interface CompareWatch {
  /** So many questions are asked. */
  readonly onQuestions: (count: number) => void;
  /** One of them was answered by both. */
  readonly onCompared: (question: string) => void;
}

/**
 * Asks both the same about the states up to a position.
 * @param watch what it throws ends the comparing.
 */
export async function compare(
  live: Store,
  restored: Store,
  at: Position,
  watch: CompareWatch,
): Promise<Compared[]> {
  const all: Compared[] = [];
  const asked = await questions(live, at);
  watch.onQuestions(asked.length);
  for (const { name, ask } of asked) {
    const [one, other] = [await digestOf(ask, live), await digestOf(ask, restored)];
    const compared = { question: name, live: one, restored: other };
    all.push(compared);
    watch.onCompared(name);
  }
  return all;
}

/** The fixed set of questions; records and moments in it are chosen by what the log holds. */
async function questions(live: Store, at: Position): Promise<Question[]> {
  const positions = [...new Set(shares.map((share) => Math.ceil(at * share)))] as Position[];
  const moments = await momentsUpTo(live, at);
  const ofEntities = live.entities.map(async (entity) => [
    ...positions.flatMap((position) => questionsAt(entity, position)),
    ...questionsOfGroups(entity, at, moments),
    ...(await questionsOfRecords(live, entity, at)),
  ]);
  const transactions = {
    name: `last transactions at ${at}`,
    ask: (store: StoreReads) => store.transactionPage({ at, descending: true, limit: 1_000 }),
  };
  return [transactions, ...(await Promise.all(ofEntities)).flat()];
}

function questionsAt(entity: Entity, at: Position): Question[] {
  return [
    { name: `count of ${entity.name} at ${at}`, ask: (store) => store.count(entity, { at }) },
    { name: `list of ${entity.name} at ${at}`, ask: (store) => store.list(entity, { at }) },
  ];
}

function questionsOfGroups(
  entity: Entity,
  at: Position,
  moments: readonly Microseconds[],
): Question[] {
  return entity.groups.by.flatMap(({ field }) => [
    {
      name: `groups of ${entity.name} by ${field} at ${at}`,
      ask: (store: StoreReads) => store.groups(entity, { by: [field], at }),
    },
    {
      name: `series of ${entity.name} by ${field} up to ${at}`,
      ask: (store: StoreReads) => store.overTime(entity, { by: [field], moments, at }),
    },
  ]);
}

async function questionsOfRecords(live: Store, entity: Entity, at: Position): Promise<Question[]> {
  const first = `first records of ${entity.name} at ${at}`;
  const records = sampleOf(await firstRecords(live, entity, at));
  const histories = records.map(({ id }) => ({
    name: `history of ${entity.name} ${JSON.stringify(id)}`,
    ask: async (store: StoreReads) =>
      (await store.history(entity, id)).filter(({ position }) => position <= at),
  }));
  const contents = records.flatMap((record) =>
    entity.files.flatMap(({ sha256: field, name }) => {
      const sha256 = fieldValue(record, field);
      if (typeof sha256 !== 'string') return [];
      return {
        name: `${name} of ${entity.name} ${JSON.stringify(record.id)}`,
        ask: (store: StoreReads) => bytesOf(store, sha256),
      };
    }),
  );
  const ask = (store: StoreReads) => firstRecords(store, entity, at);
  return [{ name: first, ask }, ...histories, ...contents];
}

async function firstRecords(store: StoreReads, entity: Entity, at: Position): Promise<Version[]> {
  const records: Version[] = [];
  const { signal } = new AbortController();
  for await (const record of store.snapshot(entity, { at, filter: {}, signal })) {
    records.push(record);
    if (records.length === recordsMax) break;
  }
  return records;
}

/** Some of them, as far apart as they can be. */
function sampleOf<T>(values: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(values.length / samples));
  return values.filter((_, place) => place % step === 0);
}

async function bytesOf(store: StoreReads, sha256: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of store.contents(sha256)) hash.update(chunk);
  return hash.digest('hex');
}

async function momentsUpTo(live: Store, at: Position): Promise<Microseconds[]> {
  const [first] = await live.versionsBetween(0 as Position, at, { limit: 1 });
  const [last] = await live.versionsBetween(0 as Position, at, { limit: 1, newest: true });
  if (!first || !last) return [];
  const step = (last.committedAt - first.committedAt) / momentsOfSeries;
  return Array.from({ length: momentsOfSeries }, (_, count) =>
    Math.round(first.committedAt + step * (count + 1)),
  );
}

/** An answer in short; what is refused is an answer, too. */
async function digestOf(ask: Question['ask'], store: Store): Promise<string> {
  const answer = await ask(store).catch((error: Error) => `${error.name}: ${error.message}`);
  const plain = (name: string, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return name === 'entity' ? (value as Entity).name : value;
  };
  return createHash('sha256').update(JSON.stringify(answer, plain)).digest('hex');
}
