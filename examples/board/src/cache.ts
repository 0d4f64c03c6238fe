/**
 * What the board knows of the present: each record once, by its id, so that a write shows in every
 * list at once, before the server has answered it. A moment of the past is another thing: see
 * client.ts.
 */
import { type Cache, cacheExchange } from '@urql/exchange-graphcache';
import type { TodoChange } from './graphql/changes.ts';
import {
  rowFragment,
  type Todo,
  type TodoFilter,
  type TodoRow,
  type TodosVariables,
  todoFragment,
  todosQuery,
} from './graphql/todos.ts';
import type { CreateInput, UpdateInput } from './graphql/writes.ts';
import { isSame } from './same.ts';
import { matches } from './todos/filter.ts';

/** Types whose objects are parts of others, not things of their own. */
const partsOfOthers = [
  'Change',
  'ChangePage',
  'FieldChange',
  'LakeFileConnection',
  'LakeFileEdge',
  'LakeFileGroup',
  'LakeFileVersionConnection',
  'LakeFileVersionEdge',
  'LogInfo',
  'PageInfo',
  'TodoChange',
  'TodoConnection',
  'TodoEdge',
  'TodoGroup',
  'TodoTimePoint',
  'TodoVersionConnection',
  'TodoVersionEdge',
  'CreateTodoPayload',
  'UpdateTodoPayload',
  'DeleteTodoPayload',
  'RestoreTodoPayload',
  'NotFound',
  'AlreadyExists',
  'RevisionConflict',
  'InvalidInput',
  'InputIssue',
  'IdempotencyMismatch',
];

/** The payload of a write of a todo, or a problem. */
interface Written {
  readonly __typename: string;
  readonly todo?: Todo;
}

/** A new cache of the present. */
export function presentCache() {
  return cacheExchange({
    keys: Object.fromEntries(partsOfOthers.map((name) => [name, () => null])),
    // Every other type that a document names is one of objects, and matches itself alone.
    possibleTypes: { Version: ['TodoVersion', 'LakeFileVersion'] },
    optimistic: {
      createTodo: (args, cache) => created((args as { input: CreateInput }).input, cache),
      updateTodo: (args, cache) => {
        const { id, expectedRevision, ...patch } = (args as { input: UpdateInput }).input;
        return payload('UpdateTodoPayload', { ...known(cache, id), ...patch });
      },
      deleteTodo: (args, cache) => {
        const deletedAt = new Date().toISOString();
        return payload('DeleteTodoPayload', { ...known(cache, String(args.id)), deletedAt });
      },
    },
    updates: {
      Mutation: {
        createTodo: (answer, _, cache) => writtenTo(cache, answer.createTodo as Written),
        restoreTodo: (answer, _, cache) => writtenTo(cache, answer.restoreTodo as Written),
        deleteTodo: (answer, _, cache) => {
          const { todo } = answer.deleteTodo as Written;
          if (todo) leaveLists(cache, todo.id, everywhere);
        },
      },
      Subscription: {
        todoChanges: (told, args, cache) => {
          const { kind, id, todo } = (told as { todoChanges: TodoChange }).todoChanges;
          const belongs: Belongs = (filter) => isSame(filter, args.filter);
          if (todo && kind !== 'LEAVE') enterLists(cache, todo, belongs);
          if (kind === 'LEAVE') leaveLists(cache, id, belongs);
        },
      },
    },
  });
}

/** What was written here is shown where it belongs, before the feed tells it. */
function writtenTo(cache: Cache, { todo }: Written): void {
  if (todo) enterLists(cache, todo, (filter) => matches(todo, filter));
}

/** Which lists are meant, by their filters. */
type Belongs = (filter: TodoFilter) => boolean;

const everywhere: Belongs = () => true;

/** Puts a todo into lists; they are sorted where they are shown. */
function enterLists(cache: Cache, todo: TodoRow, belongs: Belongs): void {
  changeLists(cache, (rows, filter) =>
    belongs(filter) && !rows.some(({ id }) => id === todo.id) ? [...rows, todo] : rows,
  );
}

/** Takes a todo out of lists. */
function leaveLists(cache: Cache, gone: string | null | undefined, belongs: Belongs): void {
  changeLists(cache, (rows, filter) =>
    belongs(filter) ? rows.filter(({ id }) => id !== gone) : rows,
  );
}

type Rows = readonly TodoRow[];

function changeLists(cache: Cache, change: (rows: Rows, filter: TodoFilter) => Rows): void {
  for (const { fieldName, arguments: args } of cache.inspectFields('Query')) {
    if (fieldName !== 'todos') continue;
    const variables = args as unknown as TodosVariables;
    cache.updateQuery({ query: todosQuery, variables }, (data) => {
      if (!data) return data;
      const { edges, totalCount } = data.todos;
      const rows = edges.map(({ node }) => node);
      const changed = change(rows, variables.filter);
      if (changed.length === rows.length) return data;
      const todos = {
        ...data.todos,
        totalCount: totalCount + changed.length - rows.length,
        edges: changed.map((node) => ({ __typename: 'TodoEdge', node })),
      };
      return { ...data, todos };
    });
  }
}

/** What the cache has of a todo; long texts are missing until it was opened. */
function known(cache: Cache, id: string): object {
  const key = { __typename: 'Todo', id } as never;
  return cache.readFragment(todoFragment, key) ?? cache.readFragment(rowFragment, key) ?? key;
}

function payload(__typename: string, todo: object) {
  return { __typename, changed: true, rebasedOver: [], todo: todo as never };
}

function created(input: CreateInput, cache: Cache) {
  const now = new Date().toISOString();
  return payload('CreateTodoPayload', {
    ...known(cache, input.id),
    subject: null,
    body: null,
    description: null,
    status: null,
    priority: 100,
    labels: [],
    userId: null,
    revision: 1,
    position: '0',
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    ...input,
  });
}
