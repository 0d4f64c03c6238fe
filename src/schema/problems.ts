/** Problems: what went wrong with a write, as data that a client can switch on. */
import type { InterfaceRef, ObjectRef } from '@pothos/core';
import { AlreadyExists, InvalidInput, NotFound, Problem, RevisionConflict } from '../db/index.ts';
import type { Builder, BuilderTypes, FieldBuilder } from './builder.ts';

export interface ProblemTypes {
  readonly notFound: ObjectRef<BuilderTypes, NotFound>;
  readonly alreadyExists: ObjectRef<BuilderTypes, AlreadyExists>;
  readonly revisionConflict: ObjectRef<BuilderTypes, RevisionConflict>;
  readonly invalidInput: ObjectRef<BuilderTypes, InvalidInput>;
}

export function addProblems(builder: Builder): ProblemTypes {
  const problem = builder.interfaceRef<Problem>('Problem').implement({
    description: 'Why a write was refused. Nothing of it was kept.',
    fields: (t) => ({
      code: t.exposeString('code', { description: 'Names the problem for programs.' }),
      message: t.exposeString('message', {
        description: 'What was expected, what was got and what to do, for people.',
      }),
    }),
  });
  const recordId = <P extends NotFound | AlreadyExists>(t: FieldBuilder<P>) =>
    t.id({
      nullable: true,
      description: 'The id of the record in question, where there is one.',
      resolve: (parent) => parent.id,
    });
  const notFound = builder.objectRef<NotFound>('NotFound').implement({
    description: 'There is no such record, or it is deleted. Code: NOT_FOUND.',
    interfaces: [problem],
    isTypeOf: (value) => value instanceof NotFound,
    fields: (t) => ({ id: recordId(t) }),
  });
  const alreadyExists = builder.objectRef<AlreadyExists>('AlreadyExists').implement({
    description: 'The id was used before, or the unique name is taken. Code: ALREADY_EXISTS.',
    interfaces: [problem],
    isTypeOf: (value) => value instanceof AlreadyExists,
    fields: (t) => ({ id: recordId(t) }),
  });
  const revisionConflict = builder.objectRef<RevisionConflict>('RevisionConflict').implement({
    description: 'Someone else was faster. Read the record again. Code: REVISION_CONFLICT.',
    interfaces: [problem],
    isTypeOf: (value) => value instanceof RevisionConflict,
    fields: (t) => ({
      expected: t.exposeInt('expected', { description: 'The revision that the write expected.' }),
      actual: t.int({
        description: 'The revision that the record has.',
        resolve: (parent) => parent.actual,
      }),
      changedFields: t.stringList({
        description: 'The fields that were changed since the expected revision.',
        resolve: (parent) => [...parent.changedFields],
      }),
    }),
  });
  return {
    notFound,
    alreadyExists,
    revisionConflict,
    invalidInput: addInvalidInput(builder, problem),
  };
}

function addInvalidInput(
  builder: Builder,
  problem: InterfaceRef<BuilderTypes, Problem>,
): ObjectRef<BuilderTypes, InvalidInput> {
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
  return builder.objectRef<InvalidInput>('InvalidInput').implement({
    description: 'The input breaks rules; every broken one is listed. Code: INVALID_INPUT.',
    interfaces: [problem],
    isTypeOf: (value) => value instanceof InvalidInput,
    fields: (t) => ({
      issues: t.field({
        type: [issue],
        description: 'Every rule that the input breaks.',
        resolve: (parent) => [...parent.issues],
      }),
    }),
  });
}

/** The union of what a write may answer: its payload, or one of its problems. */
export function resultUnion<Payload>(
  builder: Builder,
  name: string,
  payload: ObjectRef<BuilderTypes, Payload>,
  problems: readonly ObjectRef<BuilderTypes, Problem>[],
) {
  return builder.unionType(name, {
    description: 'What the write answers: the payload, or why it was refused.',
    types: [payload, ...problems],
    // Problems are told apart by their classes; what is none is the payload.
    resolveType: (value) => (value instanceof Problem ? value.constructor.name : payload.name),
  });
}
