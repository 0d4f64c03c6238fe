import type { Exchange } from '@urql/core';
import {
  type Cache,
  cacheExchange,
  type KeyingConfig,
  type Resolver,
} from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import type { IntrospectionQuery } from 'graphql';
import { type Todo, todoShown } from './todos.ts';

// These have no id, or that of the record that they are about: they are kept where they were read.
const without = ['PageInfo', 'LogInfo', 'ChangePage', 'FieldChange', 'FieldBlame', 'IntStats'];
const about = ['TodoChange', 'LakeFileChange', 'Change', 'NotFound', 'AlreadyExists'];
const lists = ['Todo', 'TodoVersion', 'LakeFile', 'LakeFileVersion', 'Version'];
const listed = lists.flatMap((type) => [`${type}Connection`, `${type}Edge`]);
const grouped = ['TodoGroup', 'TodoTimePoint', 'LakeFileGroup', 'LakeFileTimePoint'];
const keys: KeyingConfig = Object.fromEntries(
  [...without, ...about, ...listed, ...grouped].map((type) => [type, () => null]),
);

const pages = relayPagination();

/** The pages of a list put together; relayPagination overlooks one asked for without arguments. */
const list: Resolver = (parent, args, cache, info) =>
  Object.keys(args).length > 0
    ? pages(parent, args, cache, info)
    : cache.resolve(info.parentKey, info.fieldName);

/** Records as they are now, each once, by type and id; the pages of a list are put together. */
export function currentCache(schema: IntrospectionQuery): Exchange {
  return cacheExchange({
    schema,
    keys,
    resolvers: {
      Query: { todos: list, lakeFiles: list },
      Todo: { history: list },
      LakeFile: { history: list },
    },
    optimistic: {
      updateTodo({ input }, cache) {
        const {
          id,
          expectedRevision: _,
          ...patch
        } = input as Partial<Todo> & {
          expectedRevision?: number;
        };
        const known = cache.readFragment(todoShown, { __typename: 'Todo', id } as Todo);
        if (!known) return null;
        const todo = { ...known, ...patch, revision: known.revision + 1 };
        return { __typename: 'UpdateTodoPayload', todo };
      },
    },
    updates: {
      Subscription: {
        /** What is changed is in the cache by itself; here is what comes and goes. */
        todoChanges({ todoChanges }, _args, cache) {
          const { kind, id } = todoChanges as { kind: string; id: string };
          if (kind === 'LEAVE') cache.invalidate({ __typename: 'Todo', id });
          if (kind === 'ENTER' || kind === 'LEAVE') readListsAgain(cache);
        },
      },
    },
  });
}

function readListsAgain(cache: Cache): void {
  for (const { fieldName, fieldKey } of cache.inspectFields('Query')) {
    if (fieldName === 'todos') cache.invalidate('Query', fieldKey);
  }
}
