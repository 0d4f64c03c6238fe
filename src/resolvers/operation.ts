/** One GraphQL operation: what it sees of the store, and the position at which it answers. */
import { limits, onlyAt, type Stretch } from '../db/index.ts';
import type { Position, Viewer } from '../entities/index.ts';
import { AnswerSize } from './answer-size.ts';
import type { DownloadSigner } from './download-signer.ts';
import type { View, Views } from './view/view.ts';

/** Of those of whom nobody could tell. */
const staying = new AbortController().signal;

export class Operation {
  /** What everything is read from and written to, so that it is known how long the answer holds. */
  readonly view: View;
  /** How large the answer is so far. */
  readonly answerSize = new AnswerSize();
  #snapshot: Promise<Position> | null = null;
  #position: Position | null = null;
  #repeatable = true;
  #isPassing = false;
  readonly #stretches = new Set<Stretch>();
  readonly #views: Views;
  readonly #signer: DownloadSigner | null;
  readonly #leaving: () => AbortSignal;

  /**
   * @param viewer who asks; null where nobody is asked who they are.
   * @param signer signs URLs of downloads; null where everybody may have everything.
   * @param leaving the signal that whoever asks has left; they stay without it.
   */
  constructor(
    views: Views,
    viewer: Viewer | null,
    signer: DownloadSigner | null = null,
    leaving: () => AbortSignal = () => staying,
  ) {
    this.#views = views;
    this.#signer = signer;
    this.#leaving = leaving;
    this.view = views.of(viewer, (stretch) => this.#dependOn(stretch));
  }

  /** An operation of its own of the same viewer, as if it were asked now. */
  another(): Operation {
    return new Operation(this.#views, this.view.viewer, this.#signer, this.#leaving);
  }

  /**
   * The position at which everything in this operation answers: the log's head when the operation
   * first asked. Whatever was acknowledged before that is included.
   */
  snapshot(): Promise<Position> {
    this.#snapshot ??= this.view.head().then((head) => {
      this.reached(head);
      return head;
    });
    return this.#snapshot;
  }

  /** Aborts when whoever asks has left: what takes long is given up. */
  get leaving(): AbortSignal {
    return this.#leaving();
  }

  /** The operation has written up to here. */
  reached(position: Position): void {
    this.#position = Math.max(this.#position ?? 0, position) as Position;
  }

  /** What the response reports as `extensions.position`; null when nothing was read or written. */
  get position(): Position | null {
    return this.#position;
  }

  /** Something was read that the position does not determine: a clock, or a state of this process. */
  dependOnMore(): void {
    this.#repeatable = false;
  }

  /** A path as whoever asks can open it, without saying again who they are. */
  signed(path: string): string {
    if (!this.#signer) return path;
    this.#isPassing = true;
    this.dependOnMore();
    return this.#signer.sign(path, this.view.key);
  }

  /** Whether the answer has something that is good for a while only, and is not to be kept. */
  get isPassing(): boolean {
    return this.#isPassing;
  }

  /** The answer tells its own position. */
  dependOnPosition(at: Position): void {
    this.#dependOn(onlyAt(at));
  }

  /**
   * How long the same operation would answer the same again: while all of these hold. Null where
   * that is not known.
   */
  get stretches(): readonly Stretch[] | null {
    return this.#repeatable ? [...this.#stretches] : null;
  }

  /** Whether what was answered while these held would be answered now. */
  async wouldAnswer(stretches: readonly Stretch[]): Promise<boolean> {
    return await this.view.hold(stretches, await this.snapshot());
  }

  #dependOn(stretch: Stretch): void {
    if (this.#stretches.size < limits.stretchesPerAnswerMax) this.#stretches.add(stretch);
    else this.#repeatable = false;
  }
}
