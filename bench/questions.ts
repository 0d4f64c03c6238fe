/** What is asked: arguments drawn at random, the same for every system. */
import type { Dataset } from './dataset.ts';
import { readRevisions } from './dataset.ts';
import { type NewRow, seriesPoints, type Update } from './operations.ts';
import { draw, drawIndex, type Random, randomFrom } from './random.ts';
import { drawPriority, drawSubject, drawTodo, drawUserId, statuses } from './todo-values.ts';

/** An update of whatever revision a todo has. */
export type PatchOf = Omit<Update, 'expectedRevision'>;

/** Positions near the beginning have few todos yet. */
const earliestShare = 0.1;

let known: { readonly directory: string; readonly revisions: [string, number][] } | null = null;

/** Of the dataset that was asked for last: reading them from a large log takes a while. */
function revisionsOf({ directory }: Dataset): readonly [string, number][] {
  if (known?.directory !== directory) {
    known = { directory, revisions: readRevisions(directory) };
  }
  return known.revisions;
}

export class Questions {
  readonly #random: Random;
  readonly #versions: number;
  readonly #ids: readonly string[];
  /** The todos that may still be updated, with the revision that they have; each is given once. */
  readonly #unchanged: [id: string, revision: number][];

  constructor(dataset: Dataset, seed: number) {
    this.#random = randomFrom(seed);
    this.#versions = dataset.versions;
    const revisions = revisionsOf(dataset);
    this.#ids = revisions.map(([id]) => id);
    this.#unchanged = shuffled(revisions, this.#random);
  }

  ids(count: number): { id: string }[] {
    return this.#times(count, () => ({ id: draw(this.#random, this.#ids) }));
  }

  statusesAndUsers(count: number): { status: string; userId: string }[] {
    return this.#times(count, () => ({
      status: draw(this.#random, statuses),
      userId: drawUserId(this.#random),
    }));
  }

  positions(count: number): { position: number }[] {
    return this.#times(count, () => ({ position: this.#position(earliestShare) }));
  }

  /** Evenly spaced positions up to the end, moved back together by chance. */
  series(count: number): { positions: number[] }[] {
    const step = Math.floor(this.#versions / seriesPoints);
    return this.#times(count, () => {
      const back = drawIndex(this.#random, step);
      return {
        positions: Array.from({ length: seriesPoints }, (_, point) => (point + 1) * step - back),
      };
    });
  }

  /** The middle of the log. */
  get middle(): number {
    return Math.floor(this.#versions / 2);
  }

  /**
   * Updates that may be sent in shares, each share in order: todos that nothing else was given, each
   * one `passes` times with the revision that it has by then.
   */
  updates(shares: number, perShare: number, passes: number): Update[][] {
    return this.#times(shares, () => {
      const todos = this.#unchanged.splice(0, perShare);
      if (todos.length < perShare) throw new Error('All todos were updated: take a larger log.');
      return this.#times(passes, (pass) =>
        todos.map(([id, revision]) => this.#update(id, revision + pass)),
      ).flat();
    });
  }

  /** How many todos no update was drawn for yet. */
  get unchangedCount(): number {
    return this.#unchanged.length;
  }

  get allIds(): readonly string[] {
    return this.#ids;
  }

  shuffled<T>(items: readonly T[]): T[] {
    return shuffled(items, this.#random);
  }

  /**
   * Updates that may be sent in shares again and again, in order: each todo comes twice, with other
   * values, so that each changes something, and without the revision that it has by then.
   */
  endlessUpdates(shares: number, perShare: number): PatchOf[][] {
    const todosMax = this.#ids.length / shares / 2;
    const todos = Math.max(1, Math.floor(Math.min(perShare / 2, todosMax)));
    const updates = this.updates(shares, todos, 2);
    return updates.map((share) =>
      share.map(({ id, subject, priority, status }) => ({ id, subject, priority, status })),
    );
  }

  /** New todos in bulk; what is sent again makes others, since their ids are the server's choice. */
  bulks(count: number, rows: number): { rows: NewRow[] }[] {
    return this.#times(count, () => ({ rows: this.#times(rows, () => drawTodo(this.#random)) }));
  }

  #position(share: number): number {
    const first = Math.floor(this.#versions * share);
    return first + drawIndex(this.#random, this.#versions - first) + 1;
  }

  #update(id: string, expectedRevision: number): Update {
    return {
      id,
      expectedRevision,
      // A subject that differs from the one before: an update that changes nothing is none.
      subject: `${drawSubject(this.#random)} ${expectedRevision}`,
      priority: drawPriority(this.#random),
      status: draw(this.#random, statuses),
    };
  }

  #times<T>(count: number, make: (number: number) => T): T[] {
    return Array.from({ length: count }, (_, number) => make(number));
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = drawIndex(random, index + 1);
    [mixed[index], mixed[other]] = [mixed[other] as T, mixed[index] as T];
  }
  return mixed;
}
