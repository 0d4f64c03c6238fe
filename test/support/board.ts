/** The board as its users meet it: built by Vite, served over HTTP, looked at in a real browser. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { type AppOptions, createApp } from '../../src/app.ts';
import { openStore, type Store } from '../../src/db/index.ts';
import { type Microseconds, shippedEntities } from '../../src/entities/index.ts';
import type { ApiAnswer } from './api.ts';
import { onceInRun } from './run-directory.ts';

/** Builds the board as `npm run board` does, into another directory. */
async function buildBoard(outDir: string): Promise<void> {
  const { NODE_ENV } = process.env;
  // Vite leaves alone what is set, and vitest has set it to `test`.
  process.env.NODE_ENV = 'production';
  try {
    const root = resolve('examples/board');
    await build({ root, build: { outDir, emptyOutDir: true }, logLevel: 'warn' });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}

export interface BoardServer {
  readonly url: string;
  readonly store: Store;
  /** How far the store's clock is set back or forward. */
  readonly clock: { offsetMs: number };
  /** Asks the server as another client; nothing may go wrong. */
  readonly ask: (query: string, variables?: object) => Promise<ApiAnswer['data']>;
  /** Breaks every WebSocket, as a network does. */
  readonly breakWebSockets: () => void;
  /** Stops listening, as a server that is restarted; `comeBack` listens at the same address. */
  readonly leave: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Serves the board with an empty store.
 * @param options identity: how the server knows who asks; it asks nobody without it.
 * @param token what `ask` says who it is.
 */
export async function startBoard(
  options: Pick<AppOptions, 'identity' | 'limits'> = {},
  token?: string,
): Promise<BoardServer> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-board-'));
  const boardDirectory = await onceInRun('board', buildBoard);
  const clock = { offsetMs: 0 };
  const store = await openStore({
    directory: join(directory, 'data'),
    entities: shippedEntities,
    clock: () => ((Date.now() + clock.offsetMs) * 1_000) as Microseconds,
  });
  const app = createApp(store, { boardDirectory, ...options });
  const server = createServer(app);
  const closeWebSockets = app.acceptWebSockets(server);
  const sockets = new Set<Socket>();
  server.on('upgrade', (_request, socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (at: number) =>
    new Promise<void>((listening) => server.listen(at, '127.0.0.1', listening));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const breakWebSockets = () => {
    for (const socket of sockets) socket.destroy();
  };
  const leave = async () => {
    breakWebSockets();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  const comeBack = () => listen(port);
  const close = async () => {
    store.endFollowing();
    closeWebSockets();
    await leave();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  };
  const ask = askAt(`${url}/graphql`, token);
  return { url, store, clock, ask, breakWebSockets, leave, comeBack, close };
}

function askAt(endpoint: string, token?: string): BoardServer['ask'] {
  const who = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return async (query, variables = {}) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...who },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as ApiAnswer;
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
}

/** What axe-core found, of which no more than is told leaves the page: all of it is megabytes. */
const seriousOrWorse = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ': ' + html + '\\n' + failureSummary)))`;

/** What axe-core finds serious or critical on a page, in words. */
export async function violationsOn(page: Page): Promise<string[]> {
  // Half a megabyte to read, and once is enough for as long as the page stays.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  return (await page.evaluate(seriousOrWorse)) as string[];
}
