import { getIntrospectionQuery, type IntrospectionQuery } from 'graphql';

/** The server's schema, for caches that want to know it: ask once, when you build. */
export async function introspect(url: string, authorization?: string): Promise<IntrospectionQuery> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query: getIntrospectionQuery({ descriptions: false }) }),
  });
  return ((await answer.json()) as { data: IntrospectionQuery }).data;
}
