/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query TodoAt($id: ID!, $asOf: AsOf) {\n    todo(id: $id, asOf: $asOf) { id subject status revision position updatedAt }\n  }\n": typeof types.TodoAtDocument,
    "\n  mutation ChangeTodo($input: UpdateTodoInput!, $options: WriteOptions) {\n    updateTodo(input: $input, options: $options) {\n      __typename\n      ... on UpdateTodoPayload { changed todo { id subject status revision } }\n      ... on RevisionConflict { expected actual changedFields }\n      ... on Problem { code message }\n    }\n  }\n": typeof types.ChangeTodoDocument,
    "\n  query TodoPage($first: Int!, $after: String, $filter: TodoFilter) {\n    todos(first: $first, after: $after, filter: $filter) {\n      edges { node { id subject } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.TodoPageDocument,
};
const documents: Documents = {
    "\n  query TodoAt($id: ID!, $asOf: AsOf) {\n    todo(id: $id, asOf: $asOf) { id subject status revision position updatedAt }\n  }\n": types.TodoAtDocument,
    "\n  mutation ChangeTodo($input: UpdateTodoInput!, $options: WriteOptions) {\n    updateTodo(input: $input, options: $options) {\n      __typename\n      ... on UpdateTodoPayload { changed todo { id subject status revision } }\n      ... on RevisionConflict { expected actual changedFields }\n      ... on Problem { code message }\n    }\n  }\n": types.ChangeTodoDocument,
    "\n  query TodoPage($first: Int!, $after: String, $filter: TodoFilter) {\n    todos(first: $first, after: $after, filter: $filter) {\n      edges { node { id subject } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.TodoPageDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TodoAt($id: ID!, $asOf: AsOf) {\n    todo(id: $id, asOf: $asOf) { id subject status revision position updatedAt }\n  }\n"): (typeof documents)["\n  query TodoAt($id: ID!, $asOf: AsOf) {\n    todo(id: $id, asOf: $asOf) { id subject status revision position updatedAt }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangeTodo($input: UpdateTodoInput!, $options: WriteOptions) {\n    updateTodo(input: $input, options: $options) {\n      __typename\n      ... on UpdateTodoPayload { changed todo { id subject status revision } }\n      ... on RevisionConflict { expected actual changedFields }\n      ... on Problem { code message }\n    }\n  }\n"): (typeof documents)["\n  mutation ChangeTodo($input: UpdateTodoInput!, $options: WriteOptions) {\n    updateTodo(input: $input, options: $options) {\n      __typename\n      ... on UpdateTodoPayload { changed todo { id subject status revision } }\n      ... on RevisionConflict { expected actual changedFields }\n      ... on Problem { code message }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TodoPage($first: Int!, $after: String, $filter: TodoFilter) {\n    todos(first: $first, after: $after, filter: $filter) {\n      edges { node { id subject } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): (typeof documents)["\n  query TodoPage($first: Int!, $after: String, $filter: TodoFilter) {\n    todos(first: $first, after: $after, filter: $filter) {\n      edges { node { id subject } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;