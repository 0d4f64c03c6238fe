/**
 * Has everything that is said of a request name it: its answer, and errors that the log has more of.
 * Yoga masks the rest of all errors, where it does not tell which request they are of.
 */
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { type Marked, type MaskError, markOf, requestIdHeader } from '../server/request-mark.ts';

/** An operation that was executed. */
interface Done {
  readonly args: ExecutionArgs;
  readonly result: ExecutionResult | AsyncIterable<unknown>;
  readonly setResult: (result: ExecutionResult) => void;
}

export function useRequestMarks(maskError: MaskError): Plugin {
  // One for all operations: most have no errors, and need nothing of their own.
  const masking = {
    onExecuteDone({ args, result, setResult }: Done) {
      if (isAsyncIterable(result) || !result.errors) return;
      const asked = args.contextValue as Marked;
      const errors = result.errors.map((error) => maskError(error, asked) as typeof error);
      setResult({ ...result, errors });
    },
  };
  return {
    onRequest({ request, serverContext }) {
      markOf({ req: (serverContext as Marked).req, request });
    },
    onExecute({ args }) {
      markOf(args.contextValue as Marked).executed = args;
      return masking;
    },
    onSubscribe({ args }) {
      markOf(args.contextValue as Marked).executed = args;
    },
    onResponse({ request, response, serverContext }) {
      const { id } = markOf({ req: (serverContext as Marked).req, request });
      response.headers.set(requestIdHeader, id);
    },
  };
}
