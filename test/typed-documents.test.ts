/** The typed examples for urql and Apollo Client, against a real server. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import * as apollo from '../examples/typed/apollo.ts';
import { todoAt } from '../examples/typed/operations.ts';
import * as urql from '../examples/typed/urql.ts';
import { listen, openApi, type TestApi, write } from './support/api.ts';

interface Example<Client> {
  readonly connect: (url: string) => Client;
  readonly subjectOf: (client: Client, id: string, at?: string) => Promise<string | null>;
  readonly rename: (
    client: Client,
    id: string,
    revision: number,
    subject: string,
  ) => Promise<string | undefined>;
  readonly subjectsWith: (
    client: Client,
    status: string,
    first: number,
  ) => AsyncGenerator<string | null, void>;
}

/** Serves five todos, the one named `1` at position 1 and so on; keeps the methods of requests. */
async function serve(): Promise<{ api: TestApi; url: string; methods: string[] }> {
  const api = await openApi();
  for (const id of ['1', '2', '3', '4', '5']) {
    await write(api, 'create', 'Todo', { id, subject: `Todo ${id}`, status: 'open' });
  }
  const { url, server } = await listen(api.app);
  const methods: string[] = [];
  server.on('request', ({ method = '' }) => methods.push(method));
  return { api, url: `${url}/graphql`, methods };
}

function testExample<Client>(name: string, example: Example<Client>): void {
  const { connect, subjectOf, rename, subjectsWith } = example;
  describe(name, () => {
    test('reads now and then, by GET', async () => {
      const { api, url, methods } = await serve();
      await write(api, 'update', 'Todo', { id: '1', subject: 'Changed' });
      const client = connect(url);
      expect(await subjectOf(client, '1')).toBe('Changed');
      expect(await subjectOf(client, '1', '5')).toBe('Todo 1');
      expect(await subjectOf(client, 'nothing')).toBeNull();
      expect(methods).toEqual(['GET', 'GET', 'GET']);
      await expect(subjectOf(client, '1', '7')).rejects.toThrow('must not be after');
    });

    test('writes, and is told of problems as data', async () => {
      const { api, url, methods } = await serve();
      const client = connect(url);
      expect(await rename(client, '1', 1, 'Mine')).toBe('revision 2');
      expect(await rename(client, '1', 1, 'Late')).toBe('subject changed in revision 2');
      expect(await rename(client, 'nothing', 1, 'None')).toBe('Todo "nothing" does not exist.');
      expect(methods).toEqual(['POST', 'POST', 'POST']);
      expect((await api.data('{ todo(id: "1") { subject } }')).todo.subject).toBe('Mine');
    });

    test('reads a list page by page, which stands still meanwhile', async () => {
      const { api, url, methods } = await serve();
      const subjects: (string | null)[] = [];
      for await (const subject of subjectsWith(connect(url), 'open', 2)) {
        if (subjects.length === 0) await write(api, 'delete', 'Todo', { id: '1' });
        subjects.push(subject);
      }
      expect(subjects.sort()).toEqual(['Todo 1', 'Todo 2', 'Todo 3', 'Todo 4', 'Todo 5']);
      expect(methods).toHaveLength(3);
    });
  });
}

testExample('urql', urql);
testExample('Apollo Client', apollo);

test('what does not fit the schema does not compile', async () => {
  const { url } = await serve();
  const [urqlClient, apolloClient] = [urql.connect(url), apollo.connect(url)];
  // What counts is the type checker: where a marked line would compile, the mark fails it.
  const refused = [
    // @ts-expect-error the id is missing
    () => urqlClient.query(todoAt, {}),
    // @ts-expect-error the id is missing
    () => apolloClient.query({ query: todoAt, variables: {} }),
    () =>
      apolloClient.query({
        query: todoAt,
        // @ts-expect-error there is no such variable
        variables: { id: '1', position: '1' },
      }),
    // @ts-expect-error a position is a text
    () => urqlClient.query(todoAt, { id: '1', asOf: { position: 1 } }),
    // @ts-expect-error a moment is named in one way
    () => urqlClient.query(todoAt, { id: '1', asOf: { position: '1', transaction: '1' } }),
  ];
  expect(refused).toHaveLength(5);
  const { data } = await urqlClient.query(todoAt, { id: '1' }).toPromise();
  // @ts-expect-error it was not asked for
  expect(data?.todo?.priority).toBeUndefined();
  // @ts-expect-error a revision is a number
  const revision: string | undefined = data?.todo?.revision;
  expect(revision).toBe(1);
});

test('docs/clients.md shows the settings and the code of the examples as they are', async () => {
  const guide = await readFile('docs/clients.md', 'utf8');
  const [, section = ''] = guide.split('\n## Typed documents\n');
  const shown = [...(section.split('\n## ')[0]?.matchAll(/```ts\n(.*?)```/gs) ?? [])];
  const files = ['codegen.ts', 'operations.ts', 'urql.ts', 'apollo.ts'];
  const code = await Promise.all(files.map((name) => readFile(`examples/typed/${name}`, 'utf8')));
  expect(shown.length).toBeGreaterThanOrEqual(4);
  for (const [, block = ''] of shown) {
    expect(
      code.some((text) => text.includes(block)),
      block,
    ).toBe(true);
  }
});
