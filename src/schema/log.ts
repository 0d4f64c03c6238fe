/** What can be asked of the log as a whole. */
import type { LogHead } from '../db/index.ts';
import { type LogInfo, readLogInfo } from '../resolvers/index.ts';
import type { Builder } from './builder.ts';

export function addLog(builder: Builder): void {
  const head = builder.objectRef<LogHead>('LogHead').implement({
    description:
      'One digest for all that was written up to a position. Whoever notes it elsewhere can prove ' +
      'later that nothing up to there was altered. It tells nothing of what was written.',
    fields: (t) => ({
      position: t.expose('position', {
        type: 'Position',
        description: 'The position of the last version that it stands for.',
      }),
      digest: t.exposeString('digest', {
        description:
          'The root of the Merkle tree over the digests of all versions, as RFC 6962 has it, in ' +
          'hexadecimal.',
      }),
    }),
  });
  const info = builder.objectRef<LogInfo>('LogInfo').implement({
    description: 'How long the log is, and how far the replica has followed it.',
    fields: (t) => ({
      position: t.expose('position', {
        type: 'Position',
        description: 'The position of the last version.',
      }),
      replicaPosition: t.expose('replicaPosition', {
        type: 'Position',
        description: 'The position up to which the replica answers without waiting.',
      }),
      head: t.field({
        type: head,
        description: 'What stands for all of it.',
        resolve: ({ head }) => head(),
      }),
      committedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description:
          'When the last transaction was committed; null before the first. Told to admins alone.',
        resolve: async ({ totals }) => (await totals()).committedAt,
      }),
      transactions: t.field({
        type: 'Int64',
        description: 'How many transactions there are. Told to admins alone.',
        resolve: async ({ totals }) => (await totals()).transactions,
      }),
      versions: t.field({
        type: 'Int64',
        description: 'How many versions there are, of all kinds of records. Told to admins alone.',
        resolve: async ({ totals }) => (await totals()).versions,
      }),
    }),
  });
  builder.queryField('log', (t) =>
    t.field({
      type: info,
      description: 'The log as a whole.',
      resolve: (_root, _args, { operation }) => readLogInfo(operation),
    }),
  );
}
