/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What becomes of a patch that was made for an older revision of its record. */
export type ConflictPolicy =
  /** It is refused: RevisionConflict. */
  | 'FAIL'
  /** It is applied on top when nobody changed a field that it names since, unless to the value that it gives. Else it is refused: RevisionConflict. */
  | 'REBASE';

/** A moment. What is read as of it, and everything below, answers as it was then. Exactly one of the three. */
export type AsOf =
  {   /** Right after the version at this position. */
  position: string; time?: never; transaction?: never; }
  |  { position?: never;   /** At this time; not in the future. */
  time: string; transaction?: never; }
  |  { position?: never; time?: never;   /** Right after the transaction with this id. */
  transaction: string | number; };

/** What may be said about any write. */
export type WriteOptions = {
  /** Why; kept on the transaction. 1 to 4,096 characters: an empty text is refused, so leave it out where there is none. */
  reason?: string | null | undefined;
  /** A name of your choice for this one write: the same write again under the same key, however much later, gets the first result and writes nothing; another write under it is an IdempotencyMismatch. A refused write is not remembered. 1 to 256 characters. */
  idempotencyKey?: string | null | undefined;
  /** Answer as the write would, problems included, and write nothing. Records, versions and their history show what would be, numbered as if nothing else were written before; the payload’s `transaction` is null, and new contents of files cannot be read. */
  dryRun?: boolean | null | undefined;
  /** What becomes of patches whose `expectedRevision` is an older one. */
  onConflict?: ConflictPolicy | null | undefined;
};

/** Which Todos: all conditions that are given must hold; null is as if left out. At most 500 conditions, which compare with at most 10,000 values. */
export type TodoFilter = {
  /** All of these hold. */
  and?: Array<TodoFilter> | null | undefined;
  /** One of these holds; of an empty list none does. */
  or?: Array<TodoFilter> | null | undefined;
  /** This does not hold. */
  not?: TodoFilter | null | undefined;
  /** Conditions on the id. */
  id?: StringFilter | null | undefined;
  /** Conditions on `userId`. */
  userId?: StringFilter | null | undefined;
  /** Conditions on `subject`. */
  subject?: StringFilter | null | undefined;
  /** Conditions on `body`. */
  body?: StringFilter | null | undefined;
  /** Conditions on `priority`. */
  priority?: IntFilter | null | undefined;
  /** Conditions on `status`. */
  status?: StringFilter | null | undefined;
  /** Conditions on `description`. */
  description?: StringFilter | null | undefined;
  /** Conditions on `labels`. */
  labels?: LabelsFilter | null | undefined;
  /** When it was created. */
  createdAt?: DateTimeFilter | null | undefined;
  /** When it was last changed. */
  updatedAt?: DateTimeFilter | null | undefined;
  /** Every word of this text is found in subject, body, description, labels, in any case (Unicode’s full case folding; İ, I, ı and i are one letter), however its letters are composed (NFC, NFD). */
  search?: string | null | undefined;
  /** Deleted ones too, as they last were. Only in the outermost filter. */
  includeDeleted?: boolean | null | undefined;
};

/** A patch: a field left out keeps its value, null clears it. */
export type UpdateTodoInput = {
  /** The id of the record. */
  id: string | number;
  /** The revision that the patch was made for. When the record has a later one, `onConflict` of the options says what becomes of the patch. */
  expectedRevision?: number | null | undefined;
  /** Whose todo it is; null when it is nobody’s in particular. At most 256 characters. */
  userId?: string | number | null | undefined;
  /** What is to be done, in one line. At most 1000 characters. */
  subject?: string | null | undefined;
  /** What is to be done, in full. At most 65536 characters. */
  body?: string | null | undefined;
  /** The lower, the sooner. Lists sort by it, lowest first. Default: 100. From 0 to 1000000. */
  priority?: number | null | undefined;
  /** How far it is, in words of your own: “open”, “doing”, “done”. At most 256 characters. */
  status?: string | null | undefined;
  /** Notes on the todo. At most 65536 characters. */
  description?: string | null | undefined;
  /** Labels, each free text; commas included. At most 100, each at most 256 characters. */
  labels?: Array<string> | null | undefined;
};

/** Conditions on one field; all that are given must hold. None of them may be null: isNull asks for fields without a value. Texts are equal character for character: NFC and NFD make two of one. */
export type StringFilter = {
  /** Equal to this. */
  eq?: string | null | undefined;
  /** Not equal to this; a field without a value is not equal to anything. */
  ne?: string | null | undefined;
  /** Equal to one of these. */
  in?: Array<string> | null | undefined;
  /** Equal to none of these; a field without a value is equal to none. */
  notIn?: Array<string> | null | undefined;
  /** Holds this text, in the same case. */
  contains?: string | null | undefined;
  /** Holds this text in any case, as `search` finds its words. Named as in other APIs: `mode: insensitive` of Prisma, `includesInsensitive` of PostGraphile. */
  containsInsensitive?: string | null | undefined;
  /** Begins with this text, in the same case. */
  startsWith?: string | null | undefined;
  /** Ends with this text, in the same case. */
  endsWith?: string | null | undefined;
  /** True: has no value. False: has one. */
  isNull?: boolean | null | undefined;
};

/** Conditions on one field; all that are given must hold. None of them may be null: isNull asks for fields without a value. */
export type IntFilter = {
  /** Equal to this. */
  eq?: number | null | undefined;
  /** Not equal to this; a field without a value is not equal to anything. */
  ne?: number | null | undefined;
  /** Equal to one of these. */
  in?: Array<number> | null | undefined;
  /** Less than, or before, this. */
  lt?: number | null | undefined;
  /** At most, or not after, this. */
  lte?: number | null | undefined;
  /** Greater than, or after, this. */
  gt?: number | null | undefined;
  /** At least, or not before, this. */
  gte?: number | null | undefined;
  /** True: has no value. False: has one. */
  isNull?: boolean | null | undefined;
};

/** Conditions on one field; all that are given must hold. None of them may be null: isEmpty asks for records without labels. */
export type LabelsFilter = {
  /** Holds this label. */
  has?: string | null | undefined;
  /** Holds at least one of these labels. */
  hasAny?: Array<string> | null | undefined;
  /** Holds all of these labels. */
  hasAll?: Array<string> | null | undefined;
  /** True: has no labels. False: has some. */
  isEmpty?: boolean | null | undefined;
};

/** Conditions on one field; all that are given must hold. None of them may be null: isNull asks for fields without a value. */
export type DateTimeFilter = {
  /** Equal to this. */
  eq?: string | null | undefined;
  /** Not equal to this; a field without a value is not equal to anything. */
  ne?: string | null | undefined;
  /** Equal to one of these. */
  in?: Array<string> | null | undefined;
  /** Less than, or before, this. */
  lt?: string | null | undefined;
  /** At most, or not after, this. */
  lte?: string | null | undefined;
  /** Greater than, or after, this. */
  gt?: string | null | undefined;
  /** At least, or not before, this. */
  gte?: string | null | undefined;
  /** True: has no value. False: has one. */
  isNull?: boolean | null | undefined;
};

export type TodoAtQueryVariables = Exact<{
  id: string | number;
  asOf?: AsOf | null | undefined;
}>;


export type TodoAtQuery = { todo: { id: string, subject: string | null, status: string | null, revision: number, position: string, updatedAt: string } | null };

export type ChangeTodoMutationVariables = Exact<{
  input: UpdateTodoInput;
  options?: WriteOptions | null | undefined;
}>;


export type ChangeTodoMutation = { updateTodo:
    | { __typename: 'UpdateTodoPayload', changed: boolean, todo: { id: string, subject: string | null, status: string | null, revision: number } }
    | { __typename: 'NotFound', code: string, message: string }
    | { __typename: 'RevisionConflict', expected: number, actual: number, changedFields: Array<string>, code: string, message: string }
    | { __typename: 'InvalidInput', code: string, message: string }
    | { __typename: 'IdempotencyMismatch', code: string, message: string }
   };

export type TodoPageQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: TodoFilter | null | undefined;
}>;


export type TodoPageQuery = { todos: { edges: Array<{ node: { id: string, subject: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };


export const TodoAtDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"TodoAt"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AsOf"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"todo"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"asOf"},"value":{"kind":"Variable","name":{"kind":"Name","value":"asOf"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}}]}}]}}]} as unknown as DocumentNode<TodoAtQuery, TodoAtQueryVariables>;
export const ChangeTodoDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ChangeTodo"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateTodoInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"options"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"WriteOptions"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updateTodo"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"options"},"value":{"kind":"Variable","name":{"kind":"Name","value":"options"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateTodoPayload"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"changed"}},{"kind":"Field","name":{"kind":"Name","value":"todo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RevisionConflict"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"expected"}},{"kind":"Field","name":{"kind":"Name","value":"actual"}},{"kind":"Field","name":{"kind":"Name","value":"changedFields"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Problem"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<ChangeTodoMutation, ChangeTodoMutationVariables>;
export const TodoPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"TodoPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"TodoFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"todos"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subject"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<TodoPageQuery, TodoPageQueryVariables>;