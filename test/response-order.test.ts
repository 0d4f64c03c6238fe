/** The order of an answer's fields. */
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { openTemporary } from './support/temporary-store.ts';

test('fields are answered in the order of the query, whichever was done first', async () => {
  const app = createApp(await openTemporary());
  const query =
    '{ todos { edges { cursor } } slow: todo(id: "x") { id } quick: __typename log { versions } }';
  const response = await app.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as { data: object };
  expect(Object.keys(data)).toEqual(['todos', 'slow', 'quick', 'log']);
});
