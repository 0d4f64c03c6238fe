/**
 * The store as one viewer sees it: the one gate through which versions leave it. Whatever is above
 * has no store, and so cannot go around it.
 */
import {
  type FollowOptions,
  Forbidden,
  type InclusionProof,
  type LogHead,
  type LogTransaction,
  NotFound,
  type Receipt,
  type RecordName,
  type ResumableState,
  type ResumableUpload,
  Sight,
  type Span,
  type Store,
  type StoreReads,
  type Stretch,
  type Tables,
  type Updated,
  type Uploaded,
  type VersionChange,
  type WriteTerms,
  type Written,
} from '../../db/index.ts';
import type { Entity, Microseconds, Position, Version, Viewer } from '../../entities/index.ts';
import { Loaders } from './loaders.ts';
import { leftChange, type SeenChange, seenChange } from './seen-change.ts';
import { SeenReads } from './seen-reads.ts';
import { SeenRecords } from './seen-records.ts';

/** Where a feed goes on, and what ends it. */
type Following = Pick<FollowOptions, 'after' | 'signal'>;

/** How long the log is. */
export interface LogTotals {
  readonly committedAt: Microseconds | null;
  readonly transactions: number;
  readonly versions: number;
}

/** A change of a record after which it is seen no longer. */
export interface LeftSight<E extends Entity = Entity> {
  readonly version: null;
  readonly previous: Version<E>;
  readonly entity: E;
  readonly id: string;
  readonly position: Position;
}

/** A change of a record as far as it is seen; what was not seen before is as if there was none. */
export type SeenVersions<E extends Entity = Entity> = VersionChange<E> | LeftSight<E>;

export class View {
  /** Who asks; null where nobody is asked who they are. */
  readonly viewer: Viewer | null;
  readonly entities: readonly Entity[];
  /** What tells whoever it was made for how long its answers hold. */
  readonly reads: SeenReads;
  /** What was at a moment that is past: it stays so, and nothing has to be told of it. */
  readonly pastReads: SeenReads;
  readonly records: SeenRecords;
  readonly #store: Store;
  readonly #sight: Sight;

  /** @param reads what tells how long its answers hold. */
  constructor(store: Store, reads: StoreReads, loaders: Loaders, sight: Sight) {
    this.viewer = sight.viewer;
    this.entities = store.entities;
    this.#store = store;
    this.#sight = sight;
    this.reads = new SeenReads(reads, sight);
    this.pastReads = new SeenReads(store, sight);
    this.records = new SeenRecords(loaders, this.reads, sight);
  }

  /** The same for viewers who see the same: what one of them was answered holds for the others. */
  get key(): string {
    return this.#sight.key;
  }

  /** The last committed position, whichever process committed it. */
  head(): Promise<Position> {
    return this.#store.head();
  }

  /** Whether everything that was answered with these stretches would be answered again. */
  hold(stretches: readonly Stretch[], at: Position): Promise<boolean> {
    return this.#store.hold(stretches, at);
  }

  /**
   * Runs changes in one transaction, on terms. The viewer is its actor.
   * @throws what the work throws, Forbidden for what may be seen but not written, and NotFound where
   *   the result of an earlier write is asked for that is seen no longer.
   */
  async write(
    work: (log: LogTransaction) => Promise<readonly Updated[]>,
    terms: Omit<WriteTerms, 'actor' | 'sight'>,
  ): Promise<Written> {
    const actor = this.viewer?.id ?? null;
    const written = await this.#store.write(work, { ...terms, actor, sight: this.#sight });
    if (this.#sight.isUnlimited) return written;
    const results = written.results.map(({ rebasedOver, ...result }) => {
      const { entity, id } = result.version;
      if (!this.#sight.sees(result.version)) {
        throw new NotFound(`${entity.name} ${JSON.stringify(id)} does not exist.`, id);
      }
      return { ...result, rebasedOver: rebasedOver.filter((each) => this.#sight.sees(each)) };
    });
    return { ...written, results };
  }

  /**
   * Erases a record for good. The viewer is who did it.
   * @returns the receipt; null when it had been erased before.
   * @throws Forbidden for whoever does not see all there is; NotFound.
   */
  async erase(record: RecordName, reason: string | null): Promise<Receipt | null> {
    if (!this.#sight.isUnlimited) throw new Forbidden('Admins alone may erase records.');
    return await this.#store.erase([record], { actor: this.viewer?.id ?? null, reason });
  }

  /** When a version was erased; null where it was not. */
  erasedAt(version: Version): Microseconds | null {
    return this.#store.erasedAt(version);
  }

  /** Uploads bytes as they come, for a write to keep. Nobody sees them before. */
  receiveUpload(bytes: AsyncIterable<Uint8Array>): Promise<Uploaded> {
    return this.#store.receiveUpload(bytes);
  }

  /**
   * Begins an upload of the viewer's that may come in several requests.
   * @returns its id.
   * @throws TooManyUploads.
   */
  beginResumable(size: number, metadata: string): Promise<string> {
    return this.#store.beginResumable({ viewer: this.viewer?.id ?? null, size, metadata });
  }

  /** @returns such an upload; null when there is none, or the viewer did not begin it. */
  findResumable(id: string): Promise<ResumableState | null> {
    return this.#store.findResumable(id, this.viewer?.id ?? null);
  }

  /** Goes on with such an upload, for a write to keep. */
  resume(state: ResumableState): ResumableUpload {
    return this.#store.resume(state);
  }

  /** Removes an upload that no write kept, if it was not. */
  discardUpload(upload: string): Promise<void> {
    return this.#store.discardUpload(upload);
  }

  /** Follows the log after a position: each change that is seen, and where a record is seen no more. */
  async *follow(
    entities: readonly Entity[],
    options: Following,
  ): AsyncGenerator<SeenChange, void, undefined> {
    if (entities.every((entity) => this.#sight.seesAll(entity))) {
      for await (const version of this.#store.follow({ ...options, entities })) {
        yield seenChange(version);
      }
      return;
    }
    for await (const { items } of this.#seenOf(this.#store.followChanges(entities, options))) {
      for (const change of items) {
        if (options.signal.aborted) return;
        yield change.version ? seenChange(change.version) : leftChange(change);
      }
    }
  }

  /** Follows one kind of record, stretch by stretch of the log: what of its changes is seen. */
  followChanges<E extends Entity>(
    entity: E,
    options: Following,
  ): AsyncIterable<Span<SeenVersions<E>>> {
    const spans = this.#store.followChanges([entity], options);
    return this.#sight.seesAll(entity) ? spans : this.#seenOf(spans);
  }

  async *#seenOf<E extends Entity>(
    spans: AsyncIterable<Span<VersionChange<E>>>,
  ): AsyncGenerator<Span<SeenVersions<E>>, void, undefined> {
    const sees = (version: Version | null) => version !== null && this.#sight.sees(version);
    for await (const { items, end } of spans) {
      const seen = items.flatMap((change): SeenVersions<E>[] => {
        const { version, previous } = change;
        if (sees(version)) return [sees(previous) ? change : { version, previous: null }];
        if (!previous || !sees(previous)) return [];
        const { entity, id, position } = version;
        return [{ version: null, previous, entity, id, position }];
      });
      yield { items: seen, end };
    }
  }

  /**
   * The bytes that a version which is seen names by their SHA-256, a chunk at a time.
   * @param range only some of them; `last` is included.
   * @throws ContentsDamaged, before the last bytes, when they are not as they were stored.
   */
  contents(
    version: Version,
    sha256: string,
    range?: { readonly first: number; readonly last: number },
  ): AsyncGenerator<Uint8Array, void> {
    if (!this.#sight.sees(version)) throw new TypeError('The version is not seen by who asks.');
    return this.#store.contents(sha256, range);
  }

  /** What is asked of tables; it knows of no others than it is given. */
  get tables(): Tables {
    return this.#store.tables;
  }

  /** How far the replica has applied the log. */
  async replicaPosition(): Promise<Position> {
    return (await this.#store.totals()).replicaPosition;
  }

  /** When the last transaction was committed, by whomever; null before the first. */
  async lastCommittedAt(): Promise<Microseconds | null> {
    return (await this.#store.totals()).committedAt;
  }

  /** One digest for all that was written up to a position. It tells nothing of what that was. */
  headAt(position: Position): Promise<LogHead> {
    return this.#store.headAt(position);
  }

  /**
   * Proof that a version that is seen is in the log, for whoever has the head at a position.
   * @throws BadRequest for a position before the version, or after the log's end.
   */
  prove(version: Version, at: Position): Promise<InclusionProof> {
    if (!this.#sight.sees(version)) throw new TypeError('The version is not seen by who asks.');
    return this.#store.prove(version, at);
  }

  /** How long the log is, all of it. @throws Forbidden for whoever does not see all of it. */
  async totals(): Promise<LogTotals> {
    if (!this.#sight.isUnlimited) {
      throw new Forbidden('How much there is in all is told to admins alone.');
    }
    return await this.#store.totals();
  }
}

/** Views of one store. What they read by id is gathered into batches, whoever asks. */
export class Views {
  readonly #store: Store;
  readonly #loaders: Loaders;
  readonly #nobodysSight: Sight;
  /** By whoever has them: a token's viewer comes with each of its requests. */
  readonly #sights = new WeakMap<Viewer, Sight>();

  constructor(store: Store) {
    this.#store = store;
    this.#loaders = new Loaders(store);
    this.#nobodysSight = new Sight(null, store.entities);
  }

  /**
   * What somebody sees.
   * @param viewer null where nobody is asked who they are.
   * @param onStretch told how long what is answered holds.
   */
  of(viewer: Viewer | null, onStretch: (stretch: Stretch) => void): View {
    const sight = viewer ? this.#sightOf(viewer) : this.#nobodysSight;
    return new View(this.#store, this.#store.readsTelling(onStretch), this.#loaders, sight);
  }

  #sightOf(viewer: Viewer): Sight {
    const sight = this.#sights.get(viewer) ?? new Sight(viewer, this.#store.entities);
    this.#sights.set(viewer, sight);
    return sight;
  }
}
