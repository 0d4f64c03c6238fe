/**
 * Finished answers of queries, given again without executing for as long as everything holds that
 * they were made of. What is asked once is not kept: a second time tells that there may be a third.
 */
import { type ExecutionArgs, getOperationAST } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { KeptMeasures, Stretch } from '../../db/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { requestLimits } from '../server/request-limits.ts';
import { type Answer, dataJson, executeToAnswer, withDataJson } from './answers.ts';
import { DocumentNumbers } from './document-numbers.ts';

interface Kept {
  readonly answer: Answer;
  readonly stretches: readonly Stretch[];
}

export class KeptOperations {
  readonly #bytesMax: number;
  readonly #documents = new DocumentNumbers();
  readonly #kept: LRUCache<string, Kept>;
  /** What was asked lately, and not kept. */
  readonly #askedOnce = new LRUCache<string, true>({ max: requestLimits.keptOperationsMax });
  #hits = 0;
  #misses = 0;

  /** @param bytesMax memory for them; with 0 none is kept. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#kept = new LRUCache({
      max: requestLimits.keptOperationsMax,
      maxSize: Math.max(1, bytesMax),
      sizeCalculation: ({ answer }, key) => (answer[dataJson]?.bytes ?? 0) + 2 * key.length + 1,
    });
  }

  get measures(): KeptMeasures {
    const { size: count, calculatedSize: bytes } = this.#kept;
    return { count, bytes, hits: this.#hits, misses: this.#misses };
  }

  /** Forgets all of them: something of what they tell was erased. */
  clear(): void {
    this.#kept.clear();
  }

  /** Executes, or gives what was executed before. An answer with errors is never kept. */
  async execute(args: ExecutionArgs): Promise<Answer> {
    const { operation } = args.contextValue as { readonly operation: Operation };
    const question = this.#questionOf(args, operation);
    if (question === null) return await executeToAnswer(args);
    const known = this.#kept.get(question);
    if (known && (await operation.wouldAnswer(known.stretches))) {
      this.#hits += 1;
      return known.answer;
    }
    this.#misses += 1;
    const answer = await executeToAnswer(args);
    const { stretches, position } = operation;
    if (answer.errors || !answer.data || stretches === null || position === null) return answer;
    if (!known && !this.#askedOnce.has(question)) {
      this.#askedOnce.set(question, true);
      return answer;
    }
    const kept = { ...withDataJson(answer), data: {} };
    this.#askedOnce.delete(question);
    this.#kept.set(question, { answer: kept, stretches });
    return kept;
  }

  /** What is asked, and what whoever asks sees; null when the answer is not to be kept. */
  #questionOf(
    { document, operationName, variableValues }: ExecutionArgs,
    { view }: Operation,
  ): string | null {
    if (this.#bytesMax === 0) return null;
    if (getOperationAST(document, operationName)?.operation !== 'query') return null;
    const asked = [this.#documents.of(document), operationName, variableValues, view.key];
    const question = JSON.stringify(asked);
    return question.length > requestLimits.keptQuestionLengthMax ? null : question;
  }
}
