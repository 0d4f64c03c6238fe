/**
 * Answers that were worked out, for whoever asks the same where they still hold. Identical
 * questions that come together are worked out once. Bounded in number and bytes: an answer that
 * nobody asks for goes.
 */
import { LRUCache } from 'lru-cache';
import type { Position } from '../../entities/index.ts';
import { limits } from '../shared/limits.ts';
import type { KeptMeasures } from '../shared/measures.ts';
import { CountedAnswer } from './counted-answer.ts';
import type { Answer } from './stretch.ts';

interface Kept {
  readonly question: string;
  readonly answer: Answer<unknown>;
  readonly bytes: number;
}

interface UnderWay {
  readonly at: Position;
  readonly answer: Promise<Answer<unknown>>;
}

export class KeptAnswers {
  readonly #bytesMax: number;
  /** By question, the one that was worked out last first. */
  readonly #byQuestion = new Map<string, Kept[]>();
  readonly #kept: LRUCache<Kept, true>;
  readonly #underWay = new Map<string, UnderWay>();
  #hits = 0;
  #misses = 0;

  /** @param bytesMax memory for them, as it is estimated; with 0 none is kept or shared. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#kept = new LRUCache<Kept, true>({
      maxSize: Math.max(1, bytesMax),
      sizeCalculation: (_, { bytes }) => bytes,
      dispose: (_, kept) => this.#forget(kept),
    });
  }

  get measures(): KeptMeasures {
    const { size: count, calculatedSize: bytes } = this.#kept;
    return { count, bytes, hits: this.#hits, misses: this.#misses };
  }

  /** Takes notice of answers that `find` did not have, and that are worked out. */
  missed(count: number): void {
    this.#misses += count;
  }

  /** Forgets all of them, and shares none that is being worked out with whoever asks from now on. */
  clear(): void {
    this.#kept.clear();
    this.#underWay.clear();
  }

  /** What is known of a question at a position; null when it has to be worked out. */
  find<T>(question: string, at: Position): Answer<T> | null {
    for (const kept of this.#byQuestion.get(question) ?? []) {
      if (!kept.answer.stretch.holdsAt(at)) continue;
      this.#kept.get(kept);
      this.#hits += 1;
      return kept.answer as Answer<T>;
    }
    return null;
  }

  /** Keeps an answer. @param bytes what it takes, roughly. */
  keep(question: string, answer: Answer<unknown>, bytes: number): void {
    if (this.#bytesMax === 0 || question.length > limits.keptQuestionLengthMax) return;
    const kept: Kept = { question, answer, bytes: bytes + 2 * question.length };
    if (kept.bytes > this.#bytesMax * limits.keptAnswerShareMax) return;
    const others = this.#byQuestion.get(question) ?? [];
    if (others.length >= limits.keptStretchesMax) this.#kept.delete(others.at(-1) as Kept);
    this.#byQuestion.set(question, [kept, ...(this.#byQuestion.get(question) ?? [])]);
    this.#kept.set(kept, true);
    // By `max`, the cache would take the memory of so many at once.
    if (this.#kept.size > limits.keptAnswersMax) this.#kept.pop();
  }

  /**
   * The answer to a question at a position: one that is kept, one that is being worked out, one
   * that is kept and brought up to date, or a new one. The latter two are kept.
   * @param isNow whether the position is the log's end: then one that is worked out for a position
   *   shortly before may do, and is waited for.
   * @param workOut throws what it throws to everyone who asked meanwhile.
   */
  async answer<T>(
    question: string,
    at: Position,
    isNow: boolean,
    workOut: () => Promise<Answer<T>>,
    bytesOf: (value: T) => number,
  ): Promise<Answer<T>> {
    if (this.#bytesMax === 0) return await workOut();
    const asked = isNow ? question : `${question} ${at}`;
    for (;;) {
      const known = this.find<T>(question, at);
      if (known) return known;
      const underWay = this.#underWay.get(asked);
      if (!underWay || underWay.at > at) break;
      const answer = (await underWay.answer) as Answer<T>;
      if (underWay.at !== at && !answer.stretch.holdsAt(at)) continue;
      this.#hits += 1;
      return answer;
    }
    const upToDate = this.#bringUpToDate<T>(question, at);
    if (upToDate) {
      this.#hits += 1;
      this.keep(question, upToDate, bytesOf(upToDate.value));
      return upToDate;
    }
    this.#misses += 1;
    const answer = workOut();
    const underWay = { at, answer };
    this.#underWay.set(asked, underWay);
    try {
      const found = await answer;
      this.keep(question, found, bytesOf(found.value));
      return found;
    } finally {
      if (this.#underWay.get(asked) === underWay) this.#underWay.delete(asked);
    }
  }

  /** What is made of the kept answer that held last before a position; null where nothing can be. */
  #bringUpToDate<T>(question: string, at: Position): Answer<T> | null {
    let last: CountedAnswer<T> | null = null;
    for (const { answer } of this.#byQuestion.get(question) ?? []) {
      if (!(answer instanceof CountedAnswer) || answer.stretch.through >= at) continue;
      if (!last || answer.stretch.through > last.stretch.through) last = answer;
    }
    return last?.at(at) ?? null;
  }

  #forget(kept: Kept): void {
    const others = (this.#byQuestion.get(kept.question) ?? []).filter((each) => each !== kept);
    if (others.length > 0) this.#byQuestion.set(kept.question, others);
    else this.#byQuestion.delete(kept.question);
  }
}
