/**
 * Many todos at once over HTTP, against the floor: a bare Yoga whose resolver does nothing but write
 * them to the log's own tables by prepared statements.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mutationsPerSecond } from './create.ts';
import { type Dataset, openTodos } from './dataset.ts';
import { randomFrom } from './random.ts';
import { comparison, type Figure } from './results.ts';
import { type Server, startBareYoga, startEverstate, withServers } from './server.ts';
import { drawTodo } from './todo-values.ts';

const document =
  'mutation($inputs: [CreateTodoInput!]!) { createTodos(inputs: $inputs) ' +
  '{ __typename ... on CreateTodosPayload { transaction { id } } } }';
const rows = 1_000;
const mutations = 20;
const connections = 2;

/** Rows per second, both servers beginning with an empty log. */
export async function measureBulk(dataset: Dataset): Promise<Figure[]> {
  const parent = mkdtempSync(join(dataset.directory, '..', 'bulk-'));
  const [own, other] = [join(parent, 'everstate'), join(parent, 'floor')];
  try {
    await (await openTodos(other)).close();
    const servers = [startEverstate(own), startBareYoga('log', other)];
    return await withServers(servers, (...started) => compare(started as [Server, Server]));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

async function compare(servers: [Server, Server]): Promise<Figure[]> {
  const random = randomFrom(8);
  const variables = Array.from({ length: mutations }, () => ({
    inputs: Array.from({ length: rows }, () => drawTodo(random)),
  }));
  const pairs = await mutationsPerSecond(servers, { document, variables, connections });
  const what = `createTodos of ${rows} over HTTP, ${connections} connections, against bare statements`;
  const inRows = pairs.map(({ everstate, baseline }) => ({
    everstate: everstate * rows,
    baseline: baseline * rows,
  }));
  return [comparison({ benchmark: 'bulk', what, unit: 'rows/s', better: 'more' }, inRows)];
}
