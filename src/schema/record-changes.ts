/** The live feed of a kind of record: one subscription per entity. */
import type { EnumRef } from '@pothos/core';
import { type Entity, recordsName } from '../entities/index.ts';
import { type ChangeKind, followRecords, type RecordChange } from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import type { EntityTypes } from './extension.ts';

export type ChangeKindType = EnumRef<BuilderTypes, ChangeKind>;

export function addChangeKind(builder: Builder): ChangeKindType {
  return builder.enumType('ChangeKind', {
    description: 'What an event tells whoever follows the records that match a filter.',
    values: {
      SNAPSHOT: { description: 'The record matched when the subscription began.' },
      CAUGHT_UP: {
        description:
          'All that was committed before the subscription began has been told. Comes once; ' +
          'it has a position, and nothing else.',
      },
      ENTER: { description: 'The record matches now, and did not before.' },
      UPDATE: { description: 'The record was changed, and matches still.' },
      LEAVE: {
        description:
          'The record matches no longer, or may be seen no longer: it was changed, or deleted. Forget it.',
      },
    } as const,
  });
}

export function addRecordChanges(
  builder: Builder,
  kind: ChangeKindType,
  entity: Entity,
  { record, version, filter }: EntityTypes,
): void {
  const change = builder.objectRef<RecordChange>(`${entity.name}Change`).implement({
    description: `What happened to one of the ${recordsName(entity)} that are followed.`,
    fields: (t) => ({
      kind: t.field({
        type: kind,
        description: 'What it tells.',
        resolve: (parent) => parent.kind,
      }),
      position: t.expose('position', {
        type: 'Position',
        description: 'Give it as `after` to go on right after this event later: no gap, no repeat.',
      }),
      id: t.id({
        nullable: true,
        description: `The id of the ${entity.name}.`,
        resolve: (parent) => parent.id,
      }),
      [entity.singular]: t.field({
        type: record,
        nullable: true,
        description:
          `The ${entity.name} as it was at this event's position, everything below it, too; ` +
          'null when it left by being deleted, or may be seen no longer.',
        resolve: (parent) => parent.record,
      }),
      version: t.field({
        type: version,
        nullable: true,
        description: 'The version that the event is about; null where it may not be seen.',
        resolve: (parent) => parent.version,
      }),
      previous: t.field({
        type: version,
        nullable: true,
        description:
          'The version that it superseded; null at a creation, in a snapshot, and where it may not ' +
          'be seen.',
        resolve: (parent) => parent.previous,
      }),
    }),
  });
  builder.subscriptionField(`${entity.singular}Changes`, (t) =>
    t.field({
      type: change,
      description:
        `Follows the ${recordsName(entity)} that match: changes as they are committed, whichever process ` +
        'committed them, in order, those of one transaction one after the other.',
      args: {
        filter: t.arg({ type: filter, description: 'Only those that match, or matched before.' }),
        after: t.arg({
          type: 'Position',
          description:
            'Go on after this position, however old: the position of the last event that was seen. ' +
            'From now on without it.',
        }),
        snapshot: t.arg.boolean({
          defaultValue: false,
          description:
            'First everything that matches now, the longest unchanged first. Not with `after`.',
        }),
      },
      subscribe: (_root, args, { operation }) => followRecords(entity, args, operation),
      resolve: (event) => event,
    }),
  );
}
