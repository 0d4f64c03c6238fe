/**
 * What a store is asked, answered with the stretch of positions in which each answer holds: kept
 * ones where they do, else the replica's.
 */
import { type Entity, type Position, positionZero, type Version } from '../../entities/index.ts';
import type { RecordFilter } from '../criteria/filter.ts';
import type { Histories, LastSet, RecordKey, RevisionKey, RevisionsKey } from '../log/histories.ts';
import type { VersionChange } from '../log/version-change.ts';
import { GatheredGroups } from '../queries/gathered-groups.ts';
import type { GroupQuery } from '../queries/group-query.ts';
import type { Group } from '../queries/grouping.ts';
import { type OverTimeQuery, queryOverTime, type TimePoint } from '../queries/over-time-query.ts';
import type { FoundPage, PageQuery } from '../queries/page.ts';
import { queryCount, queryPage } from '../queries/page-query.ts';
import { type PathPartsQuery, queryPathParts } from '../queries/path-parts.ts';
import { queryRecords } from '../queries/record-query.ts';
import type { ReplicaKeeper } from '../replica/replica-keeper.ts';
import type { KeptMeasures } from '../shared/measures.ts';
import { turns } from '../shared/turns.ts';
import { bytesOfVersion, bytesOfVersions } from '../shared/version-bytes.ts';
import { CountedAnswer } from './counted-answer.ts';
import { countingOf, groupCountingOf } from './counting.ts';
import { KeptAnswers } from './kept-answers.ts';
import { type ReadChanges, RecentChanges } from './recent-changes.ts';
import { RecordStretches } from './record-stretches.ts';
import { ScannedStretch, type Touches } from './scanned-stretch.ts';
import { type Answer, forEver, type Stretch } from './stretch.ts';
import { touchesGroups, touchesList, touchesPage } from './touches.ts';

/** What an answer takes besides what it holds, roughly. */
const overheadBytes = 512;
/** What a group takes, roughly. */
const groupBytes = 256;

/** How many keys are answered at once. */
interface Asking<Key, Value> {
  readonly questionOf: (key: Key) => string;
  /** Where a key asks; anywhere will do for what never changes. */
  readonly positionOf: (key: Key) => Position;
  readonly workOut: (missing: readonly Key[]) => Promise<Value[]>;
  /** Where an answer holds; null when it is not to be kept. */
  readonly stretchOf: (value: Value, key: Key) => Stretch | null;
  readonly bytesOf: (value: Value) => number;
}

export class Answers {
  readonly #replica: ReplicaKeeper;
  readonly #histories: Histories;
  readonly #changes: RecentChanges;
  readonly #records: RecordStretches;
  readonly #kept: KeptAnswers;
  readonly #groups: GatheredGroups;

  /**
   * @param readChanges reads from the log what others committed.
   * @param bytesMax memory for answers that are kept; with 0 none is.
   */
  constructor(
    entities: readonly Entity[],
    replica: ReplicaKeeper,
    histories: Histories,
    readChanges: ReadChanges,
    bytesMax: number,
  ) {
    this.#replica = replica;
    this.#histories = histories;
    this.#changes = new RecentChanges(entities, replica.watermark, readChanges, {
      onChange: (change) => this.#records.end(change),
      onGap: () => this.#records.endAll(),
    });
    this.#records = new RecordStretches(this.#changes);
    this.#kept = new KeptAnswers(bytesMax);
    this.#groups = new GatheredGroups((query) => replica.read(query));
  }

  get measures(): KeptMeasures {
    return this.#kept.measures;
  }

  /** Takes notice of an own commit: changes of whole transactions up to `end`, in order. */
  add(changes: readonly VersionChange[], end: Position): void {
    this.#changes.add(changes, end);
  }

  /** Forgets what was answered and what was committed: some of it was erased. */
  clear(): void {
    this.#kept.clear();
    this.#changes.forget();
  }

  /** Whether all of these hold at a position, which is waited for. */
  async hold(stretches: readonly Stretch[], at: Position): Promise<boolean> {
    await this.#changes.reach(at);
    return stretches.every((stretch) => stretch.holdsAt(at));
  }

  /** The stretch in which nothing of a record changes. */
  ofRecord(entity: Entity, id: string, at: Position): Stretch {
    return this.#records.of(entity, id, at);
  }

  /** The stretch in which nothing of all that a filter admits changes. */
  ofList(entity: Entity, filter: RecordFilter | undefined, at: Position): Stretch {
    return this.#scanned(entity, at, touchesList(entity, filter));
  }

  /** Per key the version in force at its position, a deletion included; null before the creation. */
  async records<E extends Entity>(
    entity: E,
    keys: readonly RecordKey[],
  ): Promise<(Version<E> | null)[]> {
    await this.#changes.reach(Math.max(...keys.map(({ at }) => at)) as Position);
    return await this.#each<RecordKey, Version<E> | null>(keys, {
      questionOf: ({ id }) => `record ${entity.table} ${id}`,
      positionOf: ({ at }) => at,
      workOut: (missing) =>
        this.#replica.read((replica) => queryRecords(replica, this.#histories, entity, missing)),
      stretchOf: (version, { id, at }) => this.#records.of(entity, id, at, version?.position ?? at),
      bytesOf,
    });
  }

  /** A page of the live records. */
  page<E extends Entity>(entity: E, query: PageQuery): Promise<Answer<FoundPage<E>>> {
    const { at, ...asked } = query;
    return this.#answer(
      `page ${entity.table} ${JSON.stringify(asked)}`,
      at,
      async () => {
        const value = await this.#replica.read((replica) =>
          queryPage(replica, this.#histories, entity, query),
        );
        return { value, stretch: this.#scanned(entity, at, touchesPage(entity, query, value)) };
      },
      ({ versions, beyond }) => overheadBytes + bytesOfVersions(versions) + bytesOf(beyond),
    );
  }

  /** How many live records match. */
  count(entity: Entity, query: Pick<PageQuery, 'at' | 'filter'>): Promise<Answer<number>> {
    const { at, filter } = query;
    return this.#answer(
      `count ${entity.table} ${JSON.stringify(filter ?? {})}`,
      at,
      async () => {
        const value = await this.#replica.read((replica) => queryCount(replica, entity, query));
        return new CountedAnswer(value, at, this.#changes, countingOf(entity, filter));
      },
      () => overheadBytes,
    );
  }

  /** The different parts that follow in the paths of live records that match. */
  pathParts(entity: Entity, query: PathPartsQuery): Promise<Answer<string[]>> {
    const { at, ...asked } = query;
    return this.#answer(
      `parts ${entity.table} ${JSON.stringify(asked)}`,
      at,
      async () => ({
        value: await this.#replica.read((replica) => queryPathParts(replica, entity, query)),
        stretch: this.#scanned(entity, at, touchesList(entity, query.filter)),
      }),
      (parts) => parts.reduce((sum, part) => sum + 2 * part.length, overheadBytes),
    );
  }

  /** How many live records match, in groups. */
  groups(entity: Entity, query: GroupQuery): Promise<Answer<Group[]>> {
    const { at, ...asked } = query;
    return this.#answer(
      `groups ${entity.table} ${JSON.stringify(asked)}`,
      at,
      async () => {
        const value = await this.#groups.ask(entity, query);
        return new CountedAnswer(value, at, this.#changes, groupCountingOf(entity, query));
      },
      (groups) => overheadBytes + groupBytes * groups.length,
    );
  }

  /**
   * The same at many positions, none of them after `at`. What was then stays so; where a point
   * stands at `at`, it may be asked again for a later one.
   */
  async overTime(entity: Entity, query: OverTimeQuery, at: Position): Promise<Answer<TimePoint[]>> {
    const { value } = await this.#answer(
      `series ${entity.table} ${JSON.stringify(query)}`,
      at,
      async () => ({
        value: await this.#replica.read((replica) => queryOverTime(replica, entity, query)),
        stretch: forEver,
      }),
      (points) =>
        points.reduce((sum, { groups }) => sum + groupBytes * (1 + groups.length), overheadBytes),
    );
    const past = query.positions.every((position) => position < at);
    return {
      value,
      stretch: past ? forEver : this.#scanned(entity, at, touchesGroups(entity, query)),
    };
  }

  /** Per key the versions with these revisions, oldest first. Those that there are stay so. */
  async revisions<E extends Entity>(
    entity: E,
    keys: readonly RevisionsKey[],
  ): Promise<Version<E>[][]> {
    return await this.#each<RevisionsKey, Version<E>[]>(keys, {
      questionOf: ({ id, from, to }) => `revisions ${entity.table} ${from} ${to} ${id}`,
      positionOf: () => positionZero,
      workOut: (missing) => this.#histories.revisions(entity, missing),
      stretchOf: (versions, { from, to }) => (versions.length === to - from + 1 ? forEver : null),
      bytesOf: (versions) => overheadBytes + bytesOfVersions(versions),
    });
  }

  /** Per key the revision that last set each field. */
  async lastSet(entity: Entity, keys: readonly RevisionKey[]): Promise<LastSet[]> {
    return await this.#each<RevisionKey, LastSet>(keys, {
      questionOf: ({ id, revision }) => `set ${entity.table} ${revision} ${id}`,
      positionOf: () => positionZero,
      workOut: (missing) => this.#histories.lastSet(entity, missing),
      stretchOf: (lastSet) => (Object.keys(lastSet).length > 0 ? forEver : null),
      bytesOf: () => overheadBytes,
    });
  }

  /** Answers to many keys at once: those that are kept, and the rest, worked out together. */
  async #each<Key, Value>(
    keys: readonly Key[],
    { questionOf, positionOf, workOut, stretchOf, bytesOf }: Asking<Key, Value>,
  ): Promise<Value[]> {
    const asked = keys.map((key) => {
      const question = questionOf(key);
      return { key, question, known: this.#kept.find<Value>(question, positionOf(key)) };
    });
    const missing = asked.filter(({ known }) => known === null).map(({ key }) => key);
    this.#kept.missed(missing.length);
    const found = missing.length > 0 ? (await workOut(missing)).values() : [].values();
    return asked.map(({ key, question, known }) => {
      if (known) return known.value;
      const value = found.next().value as Value;
      const stretch = stretchOf(value, key);
      if (stretch) this.#kept.keep(question, { value, stretch }, bytesOf(value));
      return value;
    });
  }

  async #answer<T>(
    question: string,
    at: Position,
    workOut: () => Promise<Answer<T>>,
    bytesOf: (value: T) => number,
  ): Promise<Answer<T>> {
    await this.#changes.reach(at);
    await turns.yield();
    const isNow = at >= this.#changes.position;
    return await this.#kept.answer(question, at, isNow, workOut, bytesOf);
  }

  #scanned(entity: Entity, at: Position, touches: Touches): Stretch {
    return new ScannedStretch(this.#changes, entity, at, touches);
  }
}

function bytesOf(version: Version | null): number {
  return version ? bytesOfVersion(version) : overheadBytes;
}
