/**
 * Executing a subscription's document, event by event. What an event shows was fixed when it was
 * committed, so subscribers that ask the same of the same event share one answer: a thousand of
 * them cost one execution, its reads and its JSON.
 */
import {
  type ASTNode,
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  Kind,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { turns } from '../../db/index.ts';
import type { Operation } from '../../resolvers/index.ts';
import { requestLimits } from '../server/request-limits.ts';
import { type Answer, dataJson, executeToAnswer, withDataJson } from './answers.ts';
import { DocumentNumbers } from './document-numbers.ts';

/** What every source of events yields, besides more: events with the same two are the same. */
interface FeedEvent {
  readonly position: number;
  readonly kind?: string;
}

interface Context {
  readonly operation: Operation;
}

/** What an answer without data is taken for: one with errors. */
const errorsBytes = 4_096;

export class SharedEvents {
  readonly #underWay = new Map<string, Promise<Answer>>();
  readonly #answers = new LRUCache<string, Answer>({
    maxSize: requestLimits.sharedEventsBytesMax,
    // The answer, and its JSON.
    sizeCalculation: (answer) => 2 * (answer[dataJson]?.bytes ?? errorsBytes),
  });
  readonly #numbers = new DocumentNumbers();
  readonly #shown = new WeakMap<DocumentNode, readonly string[]>();

  /** Forgets what was told: something of it was erased. */
  clear(): void {
    this.#underWay.clear();
    this.#answers.clear();
  }

  /**
   * Subscribes as graphql-js does.
   * @param source the document that says which events come, where it says otherwise than that of
   *   the arguments, by which they are answered.
   * @returns the answers, or what was wrong with the request.
   */
  async subscribe(
    args: ExecutionArgs,
    source = args.document,
  ): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await createSourceEventStream({ ...args, document: source });
    if (!(Symbol.asyncIterator in events)) return events;
    const feed = events[Symbol.asyncIterator]() as AsyncIterator<FeedEvent>;
    const asked = this.#keyOf(args);
    const answers: AsyncIterableIterator<ExecutionResult> = {
      [Symbol.asyncIterator]: () => answers,
      next: async () => {
        const { done, value } = await feed.next();
        if (done) return { done, value: undefined };
        const key = `${asked} ${value.kind} ${value.position}`;
        const answer = this.#answers.get(key) ?? (await this.#answer(args, key, value));
        // A thousand subscribers are told the same at once: others have their turns meanwhile.
        if (turns.over) await turns.next(null);
        return { done: false, value: answer };
      },
      return: async () => {
        await feed.return?.();
        return { done: true, value: undefined };
      },
    };
    return answers;
  }

  async #answer(args: ExecutionArgs, key: string, event: FeedEvent): Promise<Answer> {
    const known = this.#underWay.get(key);
    if (known) return known;
    const making = answerEvent(args, event);
    this.#underWay.set(key, making);
    try {
      const answer = await making;
      this.#answers.set(key, answer);
      return answer;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /**
   * What is asked of each event: the document, the variables that say what to show of it, and what
   * whoever asks sees.
   */
  #keyOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
    const shown = this.#shown.get(document) ?? shownVariables(document);
    this.#shown.set(document, shown);
    const values = shown.map((name) => variableValues?.[name] ?? null);
    const { view } = (contextValue as Context).operation;
    return JSON.stringify([this.#numbers.of(document), operationName, view.key, ...values]);
  }
}

async function answerEvent(args: ExecutionArgs, event: FeedEvent): Promise<Answer> {
  // Nothing of one subscriber's request is known to an answer that others get.
  const operation = (args.contextValue as Context).operation.another();
  const result = await executeToAnswer({ ...args, rootValue: event, contextValue: { operation } });
  const answer = { ...result, extensions: { position: String(event.position) } };
  // Errors are masked on their way to each subscriber: there is no one JSON of them.
  if (answer.errors) return answer;
  return withDataJson(answer);
}

/**
 * The variables of a document that events are shown by: all but those that only stand in arguments
 * of the subscription itself, such as where to go on. These say which events, not what of them.
 */
function shownVariables({ definitions }: DocumentNode): string[] {
  const names = new Set<string>();
  const shown = definitions.flatMap((definition): ASTNode[] =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.map((selection) =>
          selection.kind === Kind.FIELD ? { ...selection, arguments: [] } : selection,
        )
      : [definition],
  );
  for (const node of shown) visit(node, { Variable: ({ name }) => void names.add(name.value) });
  return [...names];
}
