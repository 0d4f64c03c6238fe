/** An operation that was answered or refused, as whoever watches is told of it. */
import { createHash } from 'node:crypto';
import { type ExecutionArgs, getOperationAST, type OperationDefinitionNode, print } from 'graphql';
import { costOf } from './operation-cost.ts';

export interface OperationOutcome {
  readonly requestId: string;
  /** From when its request was here to its answer; of a subscription, until its events could begin. */
  readonly durationMs: number;
  /** `OK`, or the code of its first error. */
  readonly code: string;
}

export class FinishedOperation implements OperationOutcome {
  readonly requestId: string;
  readonly durationMs: number;
  readonly code: string;
  readonly #args: ExecutionArgs | null;

  /** @param args what was executed; null where nothing was. */
  constructor({ requestId, durationMs, code }: OperationOutcome, args: ExecutionArgs | null) {
    this.requestId = requestId;
    this.durationMs = durationMs;
    this.code = code;
    this.#args = args;
  }

  /** `unknown` for what was refused before it was known what it is. */
  get type(): 'query' | 'mutation' | 'subscription' | 'unknown' {
    return this.#definition?.operation ?? 'unknown';
  }

  /** What its client calls it; null for one without a name, or that is not known. */
  get name(): string | null {
    return this.#definition?.name?.value ?? null;
  }

  /** The SHA-256 of its document's text, as clients have it that send ids in place of documents. */
  get documentHash(): string | null {
    const document = this.#args?.document;
    if (!document) return null;
    const text = document.loc?.source.body ?? print(document);
    return createHash('sha256').update(text).digest('hex');
  }

  /** What it may cost; null where that is not known. */
  get cost(): number | null {
    return this.#args && costOf(this.#args);
  }

  /** Looked up when somebody wants to know: most operations are neither slow nor counted. */
  get #definition(): OperationDefinitionNode | null | undefined {
    return this.#args && getOperationAST(this.#args.document, this.#args.operationName);
  }
}
