import type { IntrospectionQuery } from 'graphql';

/** Which types each interface and union stands for, from the server: ask once, when you build. */
export async function possibleTypesOf(
  url: string,
  authorization?: string,
): Promise<Record<string, string[]>> {
  const query = '{ __schema { types { name ... { possibleTypes { name } } } } }';
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: IntrospectionQuery };
  return Object.fromEntries(
    data.__schema.types.flatMap((type) =>
      'possibleTypes' in type && type.possibleTypes
        ? [[type.name, type.possibleTypes.map(({ name }) => name)]]
        : [],
    ),
  );
}
