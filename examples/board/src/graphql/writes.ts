/** The writes of the board. What can go wrong is in each answer, as data. */
import { gql } from 'urql';
import { type Todo, type TodoPatch, type TodoVersion, todoFragment } from './todos.ts';

export interface InputIssue {
  readonly path: readonly string[];
  readonly message: string;
}

/** Why a write was refused. */
type Problem =
  | { readonly __typename: 'NotFound' | 'AlreadyExists'; readonly message: string }
  | { readonly __typename: 'IdempotencyMismatch'; readonly message: string }
  | {
      readonly __typename: 'RevisionConflict';
      readonly message: string;
      readonly actual: number;
      readonly changedFields: readonly string[];
    }
  | {
      readonly __typename: 'InvalidInput';
      readonly message: string;
      readonly issues: readonly InputIssue[];
    };

interface Payload<Name extends string> {
  readonly __typename: Name;
  readonly todo: Todo;
}

export type CreateResult = Payload<'CreateTodoPayload'> | Problem;
export type UpdateResult =
  | (Payload<'UpdateTodoPayload'> & {
      readonly changed: boolean;
      readonly rebasedOver: readonly Pick<TodoVersion, 'id' | 'revision'>[];
    })
  | Problem;
export type DeleteResult = Payload<'DeleteTodoPayload'> | Problem;
export type RestoreResult =
  | (Payload<'RestoreTodoPayload'> & { readonly changed: boolean })
  | Problem;

export type CreateInput = TodoPatch & { readonly id: string };
export type UpdateInput = TodoPatch & { readonly id: string; readonly expectedRevision: number };

export interface WriteOptions {
  readonly reason: string;
  readonly onConflict?: 'FAIL' | 'REBASE';
  /** Put in where it is sent: see todos/attempts.ts. */
  readonly idempotencyKey?: string;
}

export const createMutation = gql<
  { readonly createTodo: CreateResult },
  { input: CreateInput; options: WriteOptions }
>`
  mutation CreateTodo($input: CreateTodoInput!, $options: WriteOptions) {
    createTodo(input: $input, options: $options) {
      __typename
      ... on CreateTodoPayload { todo { ...TodoFields } }
      ... on AlreadyExists { message }
      ... on InvalidInput { message issues { path message } }
      ... on IdempotencyMismatch { message }
    }
  }
  ${todoFragment}
`;

export const updateMutation = gql<
  { readonly updateTodo: UpdateResult },
  { input: UpdateInput; options: WriteOptions }
>`
  mutation UpdateTodo($input: UpdateTodoInput!, $options: WriteOptions) {
    updateTodo(input: $input, options: $options) {
      __typename
      ... on UpdateTodoPayload { changed rebasedOver { id revision } todo { ...TodoFields } }
      ... on NotFound { message }
      ... on RevisionConflict { message actual changedFields }
      ... on InvalidInput { message issues { path message } }
      ... on IdempotencyMismatch { message }
    }
  }
  ${todoFragment}
`;

export const deleteMutation = gql<
  { readonly deleteTodo: DeleteResult },
  { id: string; expectedRevision: number; options: WriteOptions }
>`
  mutation DeleteTodo($id: ID!, $expectedRevision: Int, $options: WriteOptions) {
    deleteTodo(id: $id, expectedRevision: $expectedRevision, options: $options) {
      __typename
      ... on DeleteTodoPayload { todo { ...TodoFields } }
      ... on NotFound { message }
      ... on RevisionConflict { message actual changedFields }
      ... on InvalidInput { message issues { path message } }
      ... on IdempotencyMismatch { message }
    }
  }
  ${todoFragment}
`;

export const restoreMutation = gql<
  { readonly restoreTodo: RestoreResult },
  { id: string; revision: number; options: WriteOptions }
>`
  mutation RestoreTodo($id: ID!, $revision: Int!, $options: WriteOptions) {
    restoreTodo(id: $id, revision: $revision, options: $options) {
      __typename
      ... on RestoreTodoPayload { changed todo { ...TodoFields } }
      ... on NotFound { message }
      ... on InvalidInput { message issues { path message } }
      ... on IdempotencyMismatch { message }
    }
  }
  ${todoFragment}
`;
