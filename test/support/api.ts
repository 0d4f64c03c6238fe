/** The API as clients meet it: an application over a temporary store, asked with requests. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import type { Store } from '../../src/db/index.ts';
import { openTemporary } from './temporary-store.ts';

interface ApiError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly [name: string]: unknown };
}

export interface ApiAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what they asked for
  readonly data?: any;
  readonly errors?: readonly ApiError[];
  readonly extensions?: { readonly position: string };
}

type Variables = Readonly<Record<string, unknown>>;
type StoreOptions = Parameters<typeof openTemporary>[0];

const endpoint = 'http://everstate.test/graphql';

/** Every error that left through a TestApi had a code; unexpected ones are kept in `logged`. */
export class TestApi {
  readonly store: Store;
  readonly app: App;
  readonly logged: object[] = [];

  constructor(store: Store, limits: AppOptions['limits'] = {}) {
    this.store = store;
    this.app = createApp(store, { limits, log: { error: (details) => this.logged.push(details) } });
  }

  /** Sends any request to the endpoint. */
  async send(init: RequestInit, url = endpoint): Promise<Response> {
    return await this.app.fetch(new Request(url, init));
  }

  /** Sends one operation as JSON. */
  async ask(query: string, variables: Variables = {}): Promise<ApiAnswer> {
    const response = await this.send({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return await answerOf(response);
  }

  /** Sends one operation that must succeed; its data. */
  async data(query: string, variables: Variables = {}): Promise<ApiAnswer['data']> {
    const { data, errors } = await this.ask(query, variables);
    expect(errors).toBeUndefined();
    return data;
  }

  /** Sends one operation that must fail; the codes of its errors. */
  async codes(query: string, variables: Variables = {}): Promise<string[]> {
    return codesOf(await this.ask(query, variables));
  }

  /** The position at which the server answers now. */
  async position(): Promise<string> {
    return (await this.data('{ log { position } }')).log.position;
  }
}

/** The answer in a response; each of its errors has a code. */
export async function answerOf(response: Response): Promise<ApiAnswer> {
  const answer = (await response.json()) as ApiAnswer;
  for (const error of answer.errors ?? []) {
    expect(error.message).not.toBe('');
    expect(error.extensions?.code).toMatch(/^[A-Z_]+$/);
  }
  return answer;
}

export function codesOf({ errors = [] }: ApiAnswer): string[] {
  return errors.map(({ extensions }) => extensions.code);
}

export async function openApi(options: StoreOptions = {}): Promise<TestApi> {
  return new TestApi(await openTemporary({ replicaInMemory: true, ...options }));
}

/** Serves an application on a free port until the test ends, over HTTP and WebSocket. */
export async function listen(
  app: App,
  options: ServerOptions = {},
): Promise<{ url: string; server: Server; closeWebSockets: () => void }> {
  const server = createServer(options, app);
  const closeWebSockets = app.acceptWebSockets(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    closeWebSockets();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server, closeWebSockets };
}

/** What every mutation of the tests asks of a problem. */
export const problemFields = `
  ... on Problem {
    code
    message
    ... on NotFound { id }
    ... on AlreadyExists { id }
    ... on RevisionConflict { expected actual changedFields }
    ... on InvalidInput { issues { path message } }
    ... on RevertConflict { conflicts { fields message version { __typename id } } }
  }`;

/** A mutation of todos or files by name, with what it answers. */
function mutation(name: string, entity: string, asked: string): string {
  const verb = name.slice(0, 6);
  const field = `${entity.charAt(0).toLowerCase()}${entity.slice(1)}`;
  const changed = verb === 'update' ? 'changed' : '';
  const [parameters, args] =
    verb === 'delete'
      ? ['$id: ID!, $expectedRevision: Int', 'id: $id, expectedRevision: $expectedRevision']
      : [`$input: ${verb === 'create' ? 'Create' : 'Update'}${entity}Input!`, 'input: $input'];
  const payload = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}${entity}Payload`;
  return `mutation (${parameters}, $options: WriteOptions) {
    result: ${name}(${args}, options: $options) {
      __typename
      ... on ${payload} {
        record: ${field} { ${asked} }
        ${changed}
        transaction { id reason actor committedAt firstPosition lastPosition }
      }
      ${problemFields}
    }
  }`;
}

export const todoFields =
  'id nodeId userId subject body priority status description labels ' +
  'revision position createdAt updatedAt deletedAt';
export const lakeFileFields =
  'id nodeId userId path filename filetype version status description labels size sha256 ' +
  'downloadUrl data text revision position createdAt updatedAt deletedAt';

const asked = { Todo: todoFields, LakeFile: lakeFileFields };

/** Writes through the API: the member of the result union, a problem or a payload. */
export async function write(
  api: TestApi,
  verb: 'create' | 'update' | 'delete',
  entity: 'Todo' | 'LakeFile',
  input: Variables,
  options?: Variables,
): Promise<ApiAnswer['data']> {
  const variables = verb === 'delete' ? { ...input, options } : { input, options };
  const document = mutation(`${verb}${entity}`, entity, asked[entity]);
  return (await api.data(document, variables)).result;
}
