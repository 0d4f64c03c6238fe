/** Refuses clients that ask for too much within a minute. */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Operation } from '../../resolvers/index.ts';
import type { ClientRate } from '../server/client-rate.ts';
import { sizeOf } from './document-size.ts';
import { costOf } from './operation-cost.ts';

/** What one client may do in a minute. */
export interface ClientRates {
  /** Root fields of mutations. */
  readonly mutations: ClientRate;
  /** The costs of operations, in sum. */
  readonly cost: ClientRate;
}

interface Context {
  readonly operation: Operation;
  readonly req?: IncomingMessage;
}

export function useRateLimits({ mutations, cost }: ClientRates): Plugin {
  const limits = [
    {
      name: 'mutationsPerMinuteMax',
      what: 'mutations',
      rate: mutations,
      amountOf: ({ document, operationName }: ExecutionArgs) =>
        getOperationAST(document, operationName)?.operation === 'mutation'
          ? sizeOf(document).rootFields
          : 0,
    },
    { name: 'costPerMinuteMax', what: 'cost', rate: cost, amountOf: costOf },
  ] as const;
  const set = limits.filter(({ rate }) => rate.perMinuteMax > 0);
  if (set.length === 0) return {};
  const count = (args: ExecutionArgs) => {
    const { operation, req } = args.contextValue as Context;
    for (const { name, what, rate, amountOf } of set) {
      const retryAfter = rate.take(operation.view.viewer, req, amountOf(args));
      if (retryAfter > 0) throw limited(name, what, rate.perMinuteMax, retryAfter);
    }
  };
  return {
    onExecute: ({ args }) => count(args),
    onSubscribe: ({ args }) => count(args),
  };
}

function limited(name: string, what: string, max: number, retryAfter: number): GraphQLError {
  const message =
    `One client may ask for ${max} a minute in ${what} (${name}), and has. ` +
    `Try again in ${retryAfter} seconds.`;
  const http = { status: 429, headers: { 'retry-after': String(retryAfter) } };
  return new GraphQLError(message, {
    extensions: { code: 'RATE_LIMITED', limit: name, max, retryAfterSeconds: retryAfter, http },
  });
}
