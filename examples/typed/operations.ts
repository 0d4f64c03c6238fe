/** What the clients ask: variables and answers get their types from the schema. */
import { graphql } from './generated/index.ts';

export const todoAt = graphql(`
  query TodoAt($id: ID!, $asOf: AsOf) {
    todo(id: $id, asOf: $asOf) { id subject status revision position updatedAt }
  }
`);

export const changeTodo = graphql(`
  mutation ChangeTodo($input: UpdateTodoInput!, $options: WriteOptions) {
    updateTodo(input: $input, options: $options) {
      __typename
      ... on UpdateTodoPayload { changed todo { id subject status revision } }
      ... on RevisionConflict { expected actual changedFields }
      ... on Problem { code message }
    }
  }
`);

export const todoPage = graphql(`
  query TodoPage($first: Int!, $after: String, $filter: TodoFilter) {
    todos(first: $first, after: $after, filter: $filter) {
      edges { node { id subject } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
