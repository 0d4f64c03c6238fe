/** Tells of every operation once it is answered or refused, whichever road it came by. */
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Marked, markOf, type RequestMark } from '../server/request-mark.ts';
import { FinishedOperation } from './finished-operation.ts';

export type OnOperation = (operation: FinishedOperation) => void;

export class OperationWatch {
  readonly #tell: OnOperation;
  /** Tells of what Yoga answers, and of what it refuses before it is executed. */
  readonly plugin: Plugin = {
    onResultProcess: ({ request, result, serverContext }) => {
      const mark = markOf({ req: (serverContext as Marked).req, request });
      this.finished(mark, mark.startedAt, mark.executed, result as ExecutionResult);
    },
  };

  constructor(tell: OnOperation) {
    this.#tell = tell;
  }

  /**
   * @param startedAt when it came, as performance.now() has it.
   * @param args what was executed; null where nothing was.
   * @param result its answer; of a subscription, whose events follow, an iterator without errors.
   */
  finished(
    { id }: RequestMark,
    startedAt: number,
    args: ExecutionArgs | null,
    { errors }: Pick<ExecutionResult, 'errors'>,
  ): void {
    const durationMs = performance.now() - startedAt;
    const code = errors?.length ? String(errors[0]?.extensions?.code ?? 'UNKNOWN') : 'OK';
    this.#tell(new FinishedOperation({ requestId: id, durationMs, code }, args));
  }
}
