/** Every change: the live feed, and the same in pages. */
import type { EnumRef, ObjectRef } from '@pothos/core';
import type { Entity } from '../entities/index.ts';
import {
  type ChangePage,
  followChanges,
  readChangePage,
  type SeenChange,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import { askedPaging } from './connections.ts';
import type { SharedInputs } from './inputs.ts';
import { pageRows, pagingRows } from './rows.ts';
import type { HistoryTypes } from './versions.ts';

export function addChanges(
  builder: Builder,
  history: HistoryTypes,
  { entityName }: SharedInputs,
): void {
  const change = builder.objectRef<SeenChange>('Change').implement({
    description: 'One version, as the log tells of it.',
    fields: (t) => ({
      position: t.expose('position', {
        type: 'Position',
        description: 'Give it as `after` to go on from here later: no gap, no repeat.',
      }),
      entity: t.field({
        type: entityName,
        description: 'The kind of record.',
        resolve: ({ entity }) => entity,
      }),
      id: t.exposeID('id', { description: 'The id of the record.' }),
      version: t.field({
        type: history.version,
        nullable: true,
        description:
          'The record as the change left it; null when you may see it no longer: forget it.',
        resolve: ({ version }) => version && { ...version, seenAt: version.position },
      }),
    }),
  });
  addChangePage(builder, change, entityName);
  builder.subscriptionField('changes', (t) =>
    t.field({
      type: change,
      description:
        'Every version of every record, in order, as it is committed, whichever process committed it.',
      args: {
        after: t.arg({
          type: 'Position',
          description: 'First everything after this position, however old; from now on without it.',
        }),
        entities: t.arg({ type: [entityName], description: 'Only these kinds of records.' }),
      },
      subscribe: (_root, args, { operation }) => followChanges(args, operation),
      resolve: (event) => event,
    }),
  );
}

function addChangePage(
  builder: Builder,
  change: ObjectRef<BuilderTypes, SeenChange>,
  entityName: EnumRef<BuilderTypes, Entity>,
): void {
  const page = builder.objectRef<ChangePage>('ChangePage').implement({
    description: 'A stretch of the log, for a client that was away.',
    fields: (t) => ({
      changes: t.field({
        type: [change],
        description: 'In order, the oldest first.',
        extensions: pageRows,
        resolve: (parent) => [...parent.changes],
      }),
      position: t.expose('position', {
        type: 'Position',
        description:
          'Everything up to here has been told: give it as `after` of the next page, or of the ' +
          'subscription. No gap, no repeat.',
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description:
          'Whether there was more when the page was read: after it, or with `last` before it.',
      }),
    }),
  });
  builder.queryField('changes', (t) =>
    t.field({
      type: page,
      description:
        'Every version of every record after a position, in order, for offline clients; or with ' +
        '`last` the newest, in order as well: read on towards the beginning with the position of ' +
        'the first of them as `before`.',
      args: {
        after: t.arg({
          type: 'Position',
          description: 'Go on after this position; from the beginning without it.',
        }),
        first: t.arg.int({ defaultValue: 100, description: 'How many at most, up to 1,000.' }),
        entities: t.arg({ type: [entityName], description: 'Only these kinds of records.' }),
        last: t.arg.int({
          description: 'How many from the end, at most 1,000. Not together with `first`.',
        }),
        before: t.arg({
          type: 'Position',
          description: 'Only what comes before this position; up to the end of the log without it.',
        }),
      },
      extensions: pagingRows,
      resolve: (_root, args, { operation }, info) =>
        readChangePage(askedPaging(args, info), operation),
    }),
  );
}
