import { InMemoryCache, type TypePolicies } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

/** Lists by what they are of; their pages are put together. */
const lists: TypePolicies = {
  Query: {
    fields: {
      todos: relayStylePagination(['filter', 'orderBy', 'asOf']),
      lakeFiles: relayStylePagination(['filter', 'orderBy', 'asOf']),
    },
  },
  Todo: { fields: { history: relayStylePagination(['order']) } },
  LakeFile: { fields: { history: relayStylePagination(['order']) } },
};

// These have the id of the record that they are about, and none of their own.
const about = ['TodoChange', 'LakeFileChange', 'Change', 'NotFound', 'AlreadyExists'];
const notByThatId = Object.fromEntries(about.map((type) => [type, { keyFields: false as const }]));

/** Records as they are now, each once, by type and id. */
export function currentCache(possibleTypes: Record<string, string[]>): InMemoryCache {
  return new InMemoryCache({ possibleTypes, typePolicies: { ...lists, ...notByThatId } });
}

/** Records as they were: each belongs to the field and the moment that it was read at. */
export function pastCache(possibleTypes: Record<string, string[]>): InMemoryCache {
  const record = { keyFields: false, merge: true } as const;
  const typePolicies = { ...lists, ...notByThatId, Todo: record, LakeFile: record };
  return new InMemoryCache({ possibleTypes, typePolicies });
}
