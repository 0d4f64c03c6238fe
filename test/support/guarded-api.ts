/** The API of a server that asks who one is: by a header, so that a test says it in a word. */
import { type App, type AppOptions, createApp } from '../../src/app.ts';
import type { Store } from '../../src/db/index.ts';
import type { Viewer } from '../../src/entities/index.ts';
import { byFunction } from '../../src/http/identity/identities.ts';
import { type ApiAnswer, answerOf } from './api.ts';

export class GuardedApi {
  readonly store: Store;
  readonly app: App;
  /** What was logged of errors that nobody expected. */
  readonly logged: object[] = [];

  /** @param viewers by the names that a test calls them. */
  constructor(
    store: Store,
    viewers: Readonly<Record<string, Viewer>>,
    limits: AppOptions['limits'] = {},
  ) {
    this.store = store;
    this.app = createApp(store, {
      identity: byFunction(({ header }) => viewers[header('x-viewer') ?? ''] ?? null),
      log: { error: (details) => this.logged.push(details) },
      limits,
    });
  }

  /** Sends any request as somebody; as nobody without a viewer. */
  async fetch(viewer: string | null, path: string, init: RequestInit = {}): Promise<Response> {
    const who = viewer === null ? {} : { 'x-viewer': viewer };
    const headers = { ...(init.headers as Record<string, string>), ...who };
    return await this.app.fetch(new Request(`http://everstate.test${path}`, { ...init, headers }));
  }

  /** Sends one operation as JSON. */
  async post(viewer: string | null, query: string, variables: object = {}): Promise<Response> {
    return await this.fetch(viewer, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
  }

  async ask(viewer: string | null, query: string, variables: object = {}): Promise<ApiAnswer> {
    return await answerOf(await this.post(viewer, query, variables));
  }
}

/** Somebody with roles and claims. */
export function viewerOf(id: string, roles: string[] = [], claims: object = {}): Viewer {
  return { id, roles, claims: { ...claims } };
}
