/** Erasing a record, for admins. */
import { type ErasePayload, eraseRecord } from '../resolvers/index.ts';
import { type ProblemTypes, resultUnion } from './problems.ts';
import type { RecordContext } from './records.ts';

export function addErase({ builder, inputs }: RecordContext, problems: ProblemTypes): void {
  const payload = builder.objectRef<ErasePayload>('EraseRecordPayload').implement({
    description: 'Nothing is left of what the record held.',
    fields: (t) => ({
      erased: t.boolean({
        description: 'Whether anything was erased; false when all of it had been before.',
        resolve: ({ receipt }) => receipt !== null,
      }),
      receipt: t.field({
        type: 'JSON',
        nullable: true,
        description:
          'What was erased, when, by whom and why, signed: what `everstate verify --receipt` checks. ' +
          'Null when nothing was.',
        resolve: ({ receipt }) => receipt,
      }),
    }),
  });
  const refs = [problems.notFound] as const;
  const result = resultUnion(builder, 'EraseRecordResult', payload, refs);
  builder.mutationField('eraseRecord', (t) =>
    t.field({
      type: result,
      description:
        'Erases what a record holds and held, files included, for good. A live one is deleted first. ' +
        'That there were versions, when and of which kind, stays, and stays proven. It takes as long as ' +
        'building the replica anew does. For admins alone.',
      args: {
        entity: t.arg({
          type: inputs.entityName,
          required: true,
          description: 'The kind of record.',
        }),
        id: t.arg.id({ required: true, description: 'The id of the record.' }),
        reason: t.arg.string({
          description: 'Why, for the receipt and for the deletion, which keeps it.',
        }),
      },
      resolve: (_root, args, { operation }) => eraseRecord(args, operation),
    }),
  );
}
