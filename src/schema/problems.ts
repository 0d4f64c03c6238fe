/** Problems: what went wrong with a write, as data that a client can switch on. */
import type { InterfaceRef, ObjectRef } from '@pothos/core';
import type {
  AlreadyExists,
  IdempotencyMismatch,
  InvalidInput,
  NotFound,
  Obstacle,
  Problem,
  RevertConflict,
  RevisionConflict,
} from '../db/index.ts';
import type { Version } from '../entities/index.ts';
import type { Refused } from '../resolvers/index.ts';
import type { Builder, BuilderTypes, FieldBuilder } from './builder.ts';
import { pageRows } from './rows.ts';

type ProblemRef<P extends Problem> = ObjectRef<BuilderTypes, Refused<P>>;

export interface ProblemTypes {
  readonly notFound: ProblemRef<NotFound>;
  readonly alreadyExists: ProblemRef<AlreadyExists>;
  readonly revisionConflict: ProblemRef<RevisionConflict>;
  readonly invalidInput: ProblemRef<InvalidInput>;
  readonly idempotencyMismatch: ProblemRef<IdempotencyMismatch>;
  readonly revertConflict: ProblemRef<RevertConflict>;
}

/** The GraphQL type of each problem, by its code. */
const typeNames: Readonly<Record<string, string>> = {
  NOT_FOUND: 'NotFound',
  ALREADY_EXISTS: 'AlreadyExists',
  REVISION_CONFLICT: 'RevisionConflict',
  INVALID_INPUT: 'InvalidInput',
  IDEMPOTENCY_MISMATCH: 'IdempotencyMismatch',
  REVERT_CONFLICT: 'RevertConflict',
};

/** @param version the interface of all kinds of versions. */
export function addProblems(
  builder: Builder,
  version: InterfaceRef<BuilderTypes, Version>,
): ProblemTypes {
  const problem = builder.interfaceRef<Refused>('Problem').implement({
    description: 'Why a write was refused. Nothing of it was kept.',
    resolveType: typeNameOf,
    fields: (t) => ({
      code: t.string({
        description: 'Names the problem for programs.',
        resolve: (refused) => refused.problem.code,
      }),
      message: t.string({
        description: 'What was expected, what was got and what to do, for people.',
        resolve: (refused) => refused.problem.message,
      }),
    }),
  });
  const recordId = <P extends NotFound | AlreadyExists>(t: FieldBuilder<Refused<P>>) =>
    t.id({
      nullable: true,
      description: 'The id of the record in question, where there is one.',
      resolve: (refused) => refused.problem.id,
    });
  const notFound = builder.objectRef<Refused<NotFound>>('NotFound').implement({
    description: 'There is no such record, or it is deleted. Code: NOT_FOUND.',
    interfaces: [problem],
    fields: (t) => ({ id: recordId(t) }),
  });
  const alreadyExists = builder.objectRef<Refused<AlreadyExists>>('AlreadyExists').implement({
    description: 'The id was used before, or the unique name is taken. Code: ALREADY_EXISTS.',
    interfaces: [problem],
    fields: (t) => ({ id: recordId(t) }),
  });
  const idempotencyMismatch =
    builder.objectRef<Refused<IdempotencyMismatch>>('IdempotencyMismatch');
  idempotencyMismatch.implement({
    description:
      'The idempotency key was used before, with other input. Code: IDEMPOTENCY_MISMATCH.',
    interfaces: [problem],
  });
  return {
    notFound,
    alreadyExists,
    revisionConflict: addRevisionConflict(builder, problem),
    invalidInput: addInvalidInput(builder, problem),
    idempotencyMismatch,
    revertConflict: addRevertConflict(builder, problem, version),
  };
}

function addRevertConflict(
  builder: Builder,
  problem: InterfaceRef<BuilderTypes, Refused>,
  version: InterfaceRef<BuilderTypes, Version>,
): ProblemRef<RevertConflict> {
  const obstacle = builder.objectRef<Obstacle>('RevertObstacle').implement({
    description: 'A record that stands in the way of undoing a transaction.',
    fields: (t) => ({
      version: t.field({
        type: version,
        description: 'The record as it is now.',
        resolve: (parent) => parent.version,
      }),
      fields: t.stringList({
        description: 'The fields that would have been put back, but were changed again since.',
        resolve: (parent) => [...parent.fields],
      }),
      message: t.exposeString('message', { description: 'What was changed since, for people.' }),
    }),
  });
  return builder.objectRef<Refused<RevertConflict>>('RevertConflict').implement({
    description:
      'What the transaction changed was changed again since, so nothing was undone. ' +
      'Code: REVERT_CONFLICT.',
    interfaces: [problem],
    fields: (t) => ({
      conflicts: t.field({
        type: [obstacle],
        description: 'Every record in the way, the one that the transaction changed last first.',
        extensions: pageRows,
        resolve: (refused) => [...refused.problem.conflicts],
      }),
    }),
  });
}

function addRevisionConflict(
  builder: Builder,
  problem: InterfaceRef<BuilderTypes, Refused>,
): ProblemRef<RevisionConflict> {
  return builder.objectRef<Refused<RevisionConflict>>('RevisionConflict').implement({
    description: 'Someone else was faster. Read the record again. Code: REVISION_CONFLICT.',
    interfaces: [problem],
    fields: (t) => ({
      expected: t.int({
        description: 'The revision that the write expected.',
        resolve: (refused) => refused.problem.expected,
      }),
      actual: t.int({
        description: 'The revision that the record has.',
        resolve: (refused) => refused.problem.actual,
      }),
      changedFields: t.stringList({
        description: 'The fields that were changed since the expected revision.',
        resolve: (refused) => [...refused.problem.changedFields],
      }),
    }),
  });
}

function addInvalidInput(
  builder: Builder,
  problem: InterfaceRef<BuilderTypes, Refused>,
): ProblemRef<InvalidInput> {
  const issue = builder.objectRef<InvalidInput['issues'][number]>('InputIssue').implement({
    description: 'One rule that the input breaks.',
    fields: (t) => ({
      path: t.stringList({
        description: 'Where in the input: `["labels", "3"]`.',
        resolve: (parent) => [...parent.path],
      }),
      message: t.exposeString('message', { description: 'What was expected, and what was got.' }),
    }),
  });
  return builder.objectRef<Refused<InvalidInput>>('InvalidInput').implement({
    description: 'The input breaks rules; every broken one is listed. Code: INVALID_INPUT.',
    interfaces: [problem],
    fields: (t) => ({
      issues: t.field({
        type: [issue],
        description: 'Every rule that the input breaks.',
        resolve: (refused) => [...refused.problem.issues],
      }),
    }),
  });
}

function typeNameOf({ problem }: Refused): string {
  const name = typeNames[problem.code];
  if (!name) throw new TypeError(`The problem ${problem.code} has no GraphQL type.`);
  return name;
}

/** The union of what a write may answer: its payload, or one of its problems. */
export function resultUnion<Payload extends object>(
  builder: Builder,
  name: string,
  payload: ObjectRef<BuilderTypes, Payload>,
  problems: readonly ObjectRef<BuilderTypes, Refused>[],
) {
  return builder.unionType(name, {
    description: 'What the write answers: the payload, or why it was refused.',
    types: [payload, ...problems],
    resolveType: (value) => ('problem' in value ? typeNameOf(value as Refused) : payload.name),
  });
}
