/** Documents that clients ask by an id, and servers that answer nothing else. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { readConfig, WrongSetting } from '../src/config.ts';
import { readDocuments, TrustedDocuments } from '../src/http/index.ts';
import { loadDocuments } from '../src/load-documents.ts';
import { listen } from './support/api.ts';
import { Conversation } from './support/conversation.ts';
import { everstate, ready } from './support/server.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';

const documents = {
  read: 'query ($id: ID!) { todo(id: $id) { subject } }',
  write: 'mutation ($id: ID!) { createTodo(input: { id: $id, subject: "s" }) { __typename } }',
  follow: 'subscription { changes(after: "0") { id } }',
};
const idOf = (text: string) => createHash('sha256').update(text).digest('hex');
const json = JSON.stringify(
  Object.fromEntries(Object.values(documents).map((text) => [idOf(text), text])),
);

/** How clients name a document instead of sending it. */
const forms = {
  'as documentId': (text: string) => ({ documentId: idOf(text) }),
  'as Apollo does': (text: string) => ({
    extensions: { persistedQuery: { version: 1, sha256Hash: idOf(text) } },
  }),
  'as graphql-ws has to': (text: string) => ({ query: '', documentId: idOf(text) }),
};

async function open(isOnly: boolean, trusted = new TrustedDocuments(readDocuments(json), isOnly)) {
  const app = createApp(await openTemporary(), { documents: trusted });
  const { url } = await listen(app);
  const ask = async (body: object, headers: object = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
    return { status: response.status, ...((await response.json()) as any) };
  };
  // With an origin by the long road, without by the short one.
  return { url, ask, roads: [{}, { origin: url }] };
}

test.each(Object.entries(forms))(
  'a document is asked by its id %s, by every road',
  async (_how, named) => {
    const { url, ask, roads } = await open(false);
    for (const [index, headers] of roads.entries()) {
      const variables = { id: `${index}` };
      expect(await ask({ ...named(documents.write), variables }, headers)).toMatchObject({
        data: { createTodo: { __typename: 'CreateTodoPayload' } },
      });
      expect(await ask({ ...named(documents.read), variables }, headers)).toMatchObject({
        data: { todo: { subject: 's' } },
      });
    }
    const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
    const payloads = { read: documents.read, follow: documents.follow };
    for (const [id, text] of Object.entries(payloads)) {
      const payload = { query: '', variables: { id: '0' }, ...named(text) };
      conversation.send({ type: 'subscribe', id, payload });
      expect(await conversation.next()).toMatchObject({ type: 'next', id });
      if (id === 'read') expect(await conversation.next()).toMatchObject({ type: 'complete', id });
    }
  },
);

test('a document is asked by GET, as caches like it', async () => {
  const { url, ask } = await open(true);
  await ask({ ...forms['as documentId'](documents.write), variables: { id: 'a' } });
  const { extensions } = forms['as Apollo does'](documents.read);
  const query = new URLSearchParams({
    extensions: JSON.stringify(extensions),
    variables: '{"id":"a"}',
  });
  const headers = { accept: 'application/json' };
  const response = await fetch(`${url}/graphql?${query}`, { headers });
  expect(await response.json()).toMatchObject({ data: { todo: { subject: 's' } } });
  expect(response.headers.get('etag')).toBeTruthy();
});

test('an id that is not known is refused so that clients send the text', async () => {
  for (const isOnly of [false, true]) {
    const { ask, roads } = await open(isOnly);
    for (const headers of roads) {
      for (const named of Object.values(forms)) {
        const { status, errors } = await ask(named('{ other }'), headers);
        expect([status, errors[0].extensions.code]).toEqual([400, 'PERSISTED_QUERY_NOT_FOUND']);
      }
    }
  }
  const { ask } = await open(false);
  const both = { ...forms['as Apollo does']('{ __typename }'), query: '{ __typename }' };
  expect(await ask(both)).toMatchObject({ data: { __typename: 'Query' } });
});

test('where only these are answered, another is refused by every road', async () => {
  const { url, ask, roads } = await open(true);
  for (const headers of roads) {
    for (const body of [
      { query: '{ __typename }' },
      { query: `${documents.read} ` },
      { query: '{ __schema { types { name } } }' },
      { query: '{ __typename }', ...forms['as Apollo does'](documents.read) },
      { query: '{ __typename }', documentId: idOf(documents.read) },
      { query: 'mutation { deleteTodo(id: "a") { __typename } }' },
    ]) {
      const { status, errors, data } = await ask(body, headers);
      const code = 'DOCUMENT_NOT_TRUSTED';
      expect([status, errors[0].extensions.code, data]).toEqual([400, code, undefined]);
    }
    // The very text is as good as its id.
    expect(await ask({ query: documents.read, variables: { id: 'a' } }, headers)).toMatchObject({
      data: { todo: null },
    });
  }
  const path = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
  const response = await fetch(url + path, { headers: { accept: 'application/json' } });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('DOCUMENT_NOT_TRUSTED');
  const conversation = await Conversation.begin(`${url.replace('http', 'ws')}/graphql`);
  for (const query of ['{ __typename }', 'subscription { changes { id } }']) {
    conversation.subscribe('1', query);
    const { type, payload } = await conversation.next();
    expect([type, payload[0].extensions.code]).toEqual(['error', 'DOCUMENT_NOT_TRUSTED']);
  }
});

test('without any, no id is known, and a request without a document is malformed', async () => {
  const { ask, roads } = await open(false, new TrustedDocuments());
  for (const headers of roads) {
    const { errors } = await ask({ documentId: 'x' }, headers);
    expect(errors[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
    for (const body of [{}, { documentId: 1 }, { extensions: { persistedQuery: null } }]) {
      const { status, errors } = await ask(body, headers);
      expect([status, errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
    }
  }
});

test.each([
  ['is not there', null, 'it cannot be read (ENOENT)'],
  ['is no JSON', '{', 'it is no JSON'],
  ['is a list', '["{ a }"]', 'it must be an object of documents by their ids'],
  ['has something else for a document', '{"a":{"query":"{ a }"}}', 'its document "a" is no text'],
  [
    'has a document that is none',
    '{"a":"{ a"}',
    'its document "a" cannot be read: Syntax Error: Expected Name, found <EOF>',
  ],
])('a file that %s is refused with what is wrong', async (_what, contents, reason) => {
  const path = join(temporaryDirectory(), 'documents.json');
  if (contents !== null) writeFileSync(path, contents);
  const loading = loadDocuments(readConfig({ trustedDocuments: path }, {}));
  const message = `--trusted-documents ${path} is of no use: ${reason}.`;
  await expect(loading).rejects.toThrow(new WrongSetting(message));
});

/** Starts the command with a file of documents. */
function start(contents: string, ...more: string[]) {
  const path = join(temporaryDirectory(), 'documents.json');
  writeFileSync(path, contents);
  const data = join(temporaryDirectory(), 'data');
  const command = ['serve', '--port', '0', '--data', data];
  return everstate([...command, '--trusted-documents', path, ...more]);
}

test('a file that is of no use stops the start in one line', async () => {
  const { code, stdout, stderr } = await start('{').end();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^everstate: --trusted-documents [^\n]+ is of no use: it is no JSON\.\n$/);
});

test('the command takes its documents from a file, and only these when it is told', async () => {
  const server = await ready(start(json, '--trusted-documents-only'));
  expect(await server.data(documents.read, { id: 'a' })).toEqual({ todo: null });
  const { errors } = await server.ask('{ __typename }');
  expect(errors?.[0]?.extensions?.code).toBe('DOCUMENT_NOT_TRUSTED');
  expect(() => readConfig({ trustedDocumentsOnly: 'true' }, {})).toThrow(
    '--trusted-documents-only needs --trusted-documents as well.',
  );
});
