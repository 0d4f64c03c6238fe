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
  execute,
  Kind,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Operation } from '../resolvers/index.ts';
import { EventTurns } from './event-turns.ts';
import { requestLimits } from './request-limits.ts';

/** What every source of events yields, besides more: events with the same two are the same. */
interface FeedEvent {
  readonly position: number;
  readonly kind?: string;
}

interface Context {
  readonly operation: Operation;
}

/** An answer, and the length of its JSON; Yoga asks for that, where there is one. */
interface SharedAnswer {
  readonly result: ExecutionResult & { readonly stringify?: () => string };
  readonly length: number;
}

export class SharedEvents {
  readonly #underWay = new Map<string, Promise<SharedAnswer>>();
  readonly #answers = new LRUCache<string, SharedAnswer>({
    maxSize: requestLimits.sharedEventsBytesMax,
    // The answer, and its JSON.
    sizeCalculation: ({ length }) => 2 * length,
  });
  readonly #turns = new EventTurns(
    requestLimits.eventBytesPerTurn,
    requestLimits.eventOverheadBytes,
  );
  readonly #documents = new WeakMap<DocumentNode, AskedDocument>();
  #documentCount = 0;

  /** Subscribes as graphql-js does. @returns the answers, or what was wrong with the request. */
  async subscribe(
    args: ExecutionArgs,
  ): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in events)) return events;
    const source = events[Symbol.asyncIterator]() as AsyncIterator<FeedEvent>;
    const asked = this.#keyOf(args);
    const answers: AsyncIterableIterator<ExecutionResult> = {
      [Symbol.asyncIterator]: () => answers,
      next: async () => {
        const { done, value } = await source.next();
        if (done) return { done, value: undefined };
        const { result, length } = await this.#answer(args, asked, value);
        await this.#turns.take(length);
        return { done: false, value: result };
      },
      return: async () => {
        await source.return?.();
        return { done: true, value: undefined };
      },
    };
    return answers;
  }

  async #answer(args: ExecutionArgs, asked: string, event: FeedEvent): Promise<SharedAnswer> {
    const key = `${asked} ${event.kind} ${event.position}`;
    const known = this.#answers.get(key) ?? this.#underWay.get(key);
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

  /** What is asked of each event: the document, and the variables that say what to show of it. */
  #keyOf({ document, operationName, variableValues }: ExecutionArgs): string {
    let known = this.#documents.get(document);
    if (!known) {
      this.#documentCount += 1;
      known = { number: this.#documentCount, variables: shownVariables(document) };
      this.#documents.set(document, known);
    }
    const values = known.variables.map((name) => variableValues?.[name] ?? null);
    return JSON.stringify([known.number, operationName, ...values]);
  }
}

interface AskedDocument {
  readonly number: number;
  readonly variables: readonly string[];
}

async function answerEvent(args: ExecutionArgs, event: FeedEvent): Promise<SharedAnswer> {
  // Nothing of one subscriber's request is known to an answer that others get.
  const operation = (args.contextValue as Context).operation.another();
  const executed = await execute({ ...args, rootValue: event, contextValue: { operation } });
  const answer = { ...executed, extensions: { position: String(event.position) } };
  const json = JSON.stringify(answer);
  // Errors are masked on their way to each subscriber: there is no one JSON of them.
  const result = answer.errors ? answer : { ...answer, stringify: () => json };
  return { result, length: json.length };
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
