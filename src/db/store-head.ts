/** Where the log ends, as far as this process knows, and as it finds out when asked. */
import { setImmediate } from 'node:timers/promises';
import type { Position } from '../entities/index.ts';
import type { LogReader } from './log/log-reader.ts';
import type { LogFile } from './log/sqlite/log-file.ts';
import { BadRequest, storeClosing } from './shared/problems.ts';

export class StoreHead {
  readonly #file: LogFile;
  readonly #log: LogReader;
  readonly #onAdvance: () => void;
  #known: Position;
  #closing = false;
  #seenDataVersion = -1;
  #looking: Promise<Position> | null = null;

  /** @param onAdvance told of every move of what is known. */
  constructor(file: LogFile, log: LogReader, known: Position, onAdvance: () => void) {
    this.#file = file;
    this.#log = log;
    this.#known = known;
    this.#onAdvance = onAdvance;
  }

  /** The last position that this process knows to be committed. */
  get known(): Position {
    return this.#known;
  }

  /** The last committed position, whichever process committed it. */
  look(): Promise<Position> {
    // Asking SQLite takes system calls: all who ask in one turn of the event loop share one look,
    // taken after the last of them asked.
    this.#looking ??= setImmediate().then(() => {
      this.#looking = null;
      return this.#look();
    });
    return this.#looking;
  }

  /** Takes notice of a commit that ends at a position. */
  advance(position: Position): void {
    if (position <= this.#known) return;
    this.#known = position;
    this.#onAdvance();
  }

  /** @throws BadRequest for a position after the head. */
  async refuseFuture(at: Position): Promise<void> {
    this.refuseWhenClosing();
    if (at <= this.#known) return;
    const head = await this.look();
    if (at <= head) return;
    throw new BadRequest('at', `must not be after the last position ${head}, but was ${at}.`);
  }

  /** From here on nobody is told of it any more. */
  close(): void {
    this.#closing = true;
  }

  /** @throws Unavailable once the store closes. */
  refuseWhenClosing(): void {
    if (this.#closing) throw storeClosing();
  }

  async #look(): Promise<Position> {
    this.refuseWhenClosing();
    const dataVersion = this.#file.dataVersion();
    if (dataVersion !== this.#seenDataVersion) {
      const { position } = await this.#log.totals();
      this.#seenDataVersion = dataVersion;
      this.advance(position);
    }
    return this.#known;
  }
}
