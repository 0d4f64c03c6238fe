/**
 * Answers of which nothing could be had now say so to HTTP as well: 503, with Retry-After. What was
 * answered in part stays 200, and so does a mutation that was made and whose answer failed below
 * it: nothing may make a client or a proxy send that again.
 */
import type { IncomingMessage } from 'node:http';
import { getOperationAST, OperationTypeNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { unavailable } from '../server/retry-after.ts';
import { type Answer, dataJson } from './answers.ts';

const codes: readonly unknown[] = ['UNAVAILABLE', 'STORAGE_FULL', 'STORAGE_FAILED'];

/** Node's request where there is one: what it asks may be executed before it is made a Request. */
interface Context {
  readonly req?: IncomingMessage;
}

export function useUnavailable(): Plugin<Context> {
  const mutations = new WeakSet<Request | IncomingMessage>();
  return {
    onExecute({ args: { document, operationName }, context }) {
      const operation = getOperationAST(document, operationName);
      const request = context.req ?? context.request;
      const isMutation = operation?.operation === OperationTypeNode.MUTATION;
      if (isMutation && request) mutations.add(request);
    },
    onResultProcess({ request, serverContext, result, setResult }) {
      if (Symbol.asyncIterator in result || Array.isArray(result)) return;
      const answer = result as Answer;
      if (!hasNothing(answer)) return;
      const isMutation = mutations.has((serverContext as Context).req ?? request);
      if (isMutation && answer.errors?.some(({ path }) => isBelowRoot(path))) return;
      setResult({ ...answer, extensions: { ...answer.extensions, http: unavailable } });
    },
  };
}

/** Whether no root field has a value, and one of them because of what may pass. */
function hasNothing(answer: Answer): boolean {
  const { data, errors = [], [dataJson]: json } = answer;
  if (json) return false;
  if (!errors.some((error) => codes.includes(error.extensions.code))) return false;
  return Object.values(data ?? {}).every((value) => value === null);
}

function isBelowRoot(path: readonly (string | number)[] = []): boolean {
  return path.length > 1;
}
