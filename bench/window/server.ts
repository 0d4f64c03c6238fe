/**
 * dkdc-state's form behind a bare Yoga: what is true is asked of all versions each time, through a
 * window over them. Arguments: `<file of the log in DuckDB>`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { createSchema, createYoga } from 'graphql-yoga';
import { limits } from '../../src/db/index.ts';
import { newestByWindow } from '../baseline.ts';

const typeDefs = /* GraphQL */ `
  type Todo {
    id: ID!
    position: Float!
    revision: Int!
    userId: String
    subject: String
    body: String
    priority: Int!
    status: String
    description: String
    labels: [String!]!
  }
  type Count {
    status: String
    count: Int!
  }
  type Query {
    todo(id: ID!): Todo
    todos(first: Int!, offset: Int = 0, status: String, userId: String, at: Float): [Todo!]!
    counts(at: Float): [Count!]!
    history(id: ID!): [Todo!]!
  }
`;

const columns =
  'id, position, revision, user_id as "userId", subject, body, priority, status, description, labels';

interface Page {
  readonly first: number;
  readonly offset: number;
  readonly status?: string;
  readonly userId?: string;
  readonly at?: number;
}

const instance = await DuckDBInstance.create(process.argv[2], {
  access_mode: 'READ_ONLY',
  memory_limit: `${limits.replicaMemoryMaxMb}MB`,
});

let turn: Promise<unknown> = Promise.resolve();

/** One query after the other: each takes all threads, and thirty at once all memory. */
function rows(sql: string, values: Record<string, DuckDBValue> = {}) {
  const answer = turn.then(() => run(sql, values));
  turn = answer.catch(() => {});
  return answer;
}

async function run(sql: string, values: Record<string, DuckDBValue>) {
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql, values)).getRowObjectsJson();
  } finally {
    connection.closeSync();
  }
}

const Query = {
  todo: async (_: unknown, { id }: { id: string }) =>
    (await rows(`select ${columns} from ${newestByWindow()} where id = $id`, { id }))[0],
  todos: (_: unknown, { first, offset, at, ...equal }: Page) => {
    const names = { status: 'status', userId: 'user_id' } as const;
    const given = Object.keys(equal) as (keyof typeof equal)[];
    const conditions = given.map((name) => `${names[name]} = $${name}`);
    return rows(
      `select ${columns} from ${newestByWindow(at)}
       where ${['true', ...conditions].join(' and ')}
       order by priority, position desc
       limit ${first} offset ${offset}`,
      equal as Record<string, DuckDBValue>,
    );
  },
  counts: (_: unknown, { at }: { at?: number }) =>
    rows(`select status, count(*) as count from ${newestByWindow(at)} group by status`),
  history: (_: unknown, { id }: { id: string }) =>
    rows(`select ${columns} from todos where id = $id order by revision desc`, { id }),
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: { Query } }),
  logging: false,
  maxRequestBodySize: false,
});
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.once('SIGTERM', () => process.exit(0));
