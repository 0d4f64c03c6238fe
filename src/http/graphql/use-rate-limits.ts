/**
 * Refuses clients that ask for too much within a minute: by who asks where that is known, otherwise
 * by address. Each worker counts for itself.
 */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Operation } from '../../resolvers/index.ts';
import type { ClientAddresses } from '../server/client-addresses.ts';
import { TokenBuckets } from '../server/token-buckets.ts';
import { sizeOf } from './document-size.ts';
import { costOf } from './operation-cost.ts';

/** What one client may do in a minute; 0 sets no limit. */
interface Rates {
  /** Root fields of mutations. */
  readonly mutationsPerMinuteMax: number;
  /** The costs of operations, in sum. */
  readonly costPerMinuteMax: number;
}

interface Context {
  readonly operation: Operation;
  readonly req?: IncomingMessage;
}

/** @param clients where clients are that nobody knows. */
export function useRateLimits(rates: Rates, clients: ClientAddresses): Plugin {
  const limits = [
    {
      name: 'mutationsPerMinuteMax',
      what: 'mutations',
      amountOf: ({ document, operationName }: ExecutionArgs) =>
        getOperationAST(document, operationName)?.operation === 'mutation'
          ? sizeOf(document).rootFields
          : 0,
    },
    { name: 'costPerMinuteMax', what: 'cost', amountOf: costOf },
  ] as const;
  const set = limits
    .filter(({ name }) => rates[name] > 0)
    .map((limit) => ({
      ...limit,
      max: rates[limit.name],
      buckets: new TokenBuckets(rates[limit.name]),
    }));
  if (set.length === 0) return {};
  const count = (args: ExecutionArgs) => {
    const client = clientOf(args.contextValue as Context, clients);
    for (const { name, what, max, amountOf, buckets } of set) {
      const amount = amountOf(args);
      const retryAfter = amount === 0 ? 0 : buckets.take(client, amount);
      if (retryAfter > 0) throw limited(name, what, max, retryAfter);
    }
  };
  return {
    onExecute: ({ args }) => count(args),
    onSubscribe: ({ args }) => count(args),
  };
}

/** One who is known is the same wherever they are, and never somebody’s address. */
function clientOf({ operation, req }: Context, clients: ClientAddresses): string {
  if (operation.view.viewer) return `viewer ${operation.view.viewer.id}`;
  return `address ${req ? clients.of(req) : ''}`;
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
