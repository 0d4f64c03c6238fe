/** Reading transactions: one by id, or a page of many. */
import type { InputRef } from '@pothos/core';
import type { TransactionFilter } from '../db/index.ts';
import { listTransactions, readTransactionById } from '../resolvers/index.ts';
import { pagingArgs } from './connections.ts';
import type { FilterTypes } from './field-types.ts';
import type { RecordContext } from './records.ts';
import { pagingRows } from './rows.ts';

export function addTransactionQueries(context: RecordContext): void {
  const { builder, connections, filters, history, inputs } = context;
  const { transaction } = history;
  builder.queryField('transaction', (t) =>
    t.field({
      type: transaction,
      nullable: true,
      description: 'The transaction with an id; null when there is none.',
      args: { id: t.arg.id({ required: true, description: 'Its number: `"12"`.' }) },
      resolve: (_root, { id }, { operation }) => readTransactionById(String(id), operation),
    }),
  );
  const filter = addTransactionFilter(context, filters);
  builder.queryField('transactions', (t) =>
    t.field({
      type: connections.of('Transaction', transaction),
      description:
        'A page of the transactions that match, newest first: what happened lately, and who did ' +
        'it. Pages that go on from a cursor stand where the first page stood, whatever is written ' +
        'meanwhile.',
      args: {
        ...pagingArgs(t.arg),
        filter: t.arg({ type: filter, description: 'Only those that match.' }),
        order: t.arg({
          type: inputs.sortDirection,
          defaultValue: 'desc',
          description: 'Newest first, or oldest first.',
        }),
        asOf: t.arg({ type: inputs.asOf, description: 'Those that were whole at this moment.' }),
      },
      extensions: pagingRows,
      resolve: (_root, args, { operation }) => listTransactions(args, operation),
    }),
  );
}

function addTransactionFilter(
  { builder }: RecordContext,
  filters: FilterTypes,
): InputRef<TransactionFilter> {
  return builder.inputType('TransactionFilter', {
    description: 'Which transactions: all conditions that are given must hold.',
    fields: (t) => ({
      actor: t.field({ type: filters.of('id'), description: 'Who made the change.' }),
      reason: t.field({ type: filters.of('text'), description: 'Why it was made.' }),
      committedAt: t.field({
        type: filters.of('dateTime'),
        description:
          'When it was committed. A range of times costs nothing; the rest is looked for.',
      }),
    }),
  }) as InputRef<TransactionFilter>;
}
