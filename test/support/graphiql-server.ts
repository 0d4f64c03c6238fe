/** A server for the tests of one file that open GraphiQL: over HTTP alone, over a store of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppOptions, createApp } from '../../src/app.ts';
import { openStore, type Store } from '../../src/db/index.ts';
import { shippedEntities } from '../../src/entities/index.ts';

export interface GraphiqlServer {
  readonly store: Store;
  /** Where its data is; removed with it. */
  readonly directory: string;
  /** Where GraphiQL is. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts one; whoever does closes it. */
export async function startGraphiql(options: AppOptions = {}): Promise<GraphiqlServer> {
  const directory = mkdtempSync(join(tmpdir(), 'everstate-graphiql-'));
  const store = await openStore({ directory, entities: shippedEntities });
  const server = createServer(createApp(store, options));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const close = async () => {
    store.endFollowing();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { store, directory, url, close };
}
