/**
 * The baseline server: nothing but GraphQL Yoga and the least that answers the same documents.
 * Arguments: `map <data directory>`, `sqlite <empty directory>`, `pubsub <empty directory>` or
 * `log <data directory with an empty log>`.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { BareLog, type TodoValues } from './bare-log.ts';
import { logName } from './dataset.ts';

const typeDefs = /* GraphQL */ `
  type Todo {
    id: ID!
    subject: String
    priority: Int!
    status: String
    labels: [String!]!
    revision: Int!
  }
  type CreateTodoPayload { todo: Todo! }
  union CreateTodoResult = CreateTodoPayload
  type Transaction { id: ID! }
  type CreateTodosPayload { transaction: Transaction! }
  union CreateTodosResult = CreateTodosPayload
  input CreateTodoInput {
    userId: ID
    subject: String
    body: String
    priority: Int
    status: String
    description: String
    labels: [String!]
  }
  type Query { todo(id: ID!): Todo }
  type Mutation {
    createTodo(input: CreateTodoInput!): CreateTodoResult!
    createTodos(inputs: [CreateTodoInput!]!): CreateTodosResult!
  }
  type TodoChange { kind: String!  todo: Todo! }
  type Subscription { todoChanges: TodoChange! }
`;

interface Todo {
  readonly id: string;
  readonly subject: string | null;
  readonly priority: number;
  readonly status: string | null;
  readonly labels: readonly string[];
  readonly revision: number;
}
type Input = Readonly<Record<string, unknown>>;

/** Every todo as it is now, by id. */
function readTodos(directory: string): Map<string, Todo> {
  const log = new Database(join(directory, logName), { readonly: true });
  const rows = log
    .prepare('select id, subject, priority, status, labels, revision from todos order by position')
    .iterate() as IterableIterator<Todo & { labels: string }>;
  const todos = new Map<string, Todo>();
  for (const row of rows) todos.set(row.id, { ...row, labels: JSON.parse(row.labels) });
  log.close();
  return todos;
}

/** Inserts and commits one todo at a time, each commit on disk before it returns. */
function committing(directory: string): (input: Input) => Todo {
  const database = new Database(join(directory, 'baseline.db'));
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  database.exec(`
    create table todos (
      position integer primary key, idx integer not null, id text not null,
      revision integer not null, user_id text, subject text, body text, priority integer not null,
      status text, description text, labels text not null, unique (id, revision)
    ) strict`);
  const insert = database.prepare(`
    insert into todos
      (idx, id, revision, user_id, subject, body, priority, status, description, labels)
    values (@idx, @id, 1, @userId, @subject, @body, @priority, @status, @description, @labels)`);
  return (input) => {
    const id = randomUUID();
    const labels = JSON.stringify(input.labels);
    insert.run({ ...input, id, idx: Date.now() * 1_000, labels });
    return { ...input, id, revision: 1 } as unknown as Todo;
  };
}

function resolversOf(kind: string, directory: string) {
  if (kind === 'map') {
    const todos = readTodos(directory);
    return { Query: { todo: (_: unknown, { id }: { id: string }) => todos.get(id) ?? null } };
  }
  if (kind === 'log') {
    const log = new BareLog(join(directory, logName));
    const createTodos = (_: unknown, { inputs }: { inputs: readonly TodoValues[] }) => {
      const transaction = { id: log.create(inputs) };
      return { __typename: 'CreateTodosPayload', transaction };
    };
    return { Mutation: { createTodos } };
  }
  const create = committing(directory);
  const changes = createPubSub<{ created: [Todo] }>();
  return {
    Mutation: {
      createTodo: (_: unknown, { input }: { input: Input }) => {
        const todo = create(input);
        if (kind === 'pubsub') changes.publish('created', todo);
        return { __typename: 'CreateTodoPayload', todo };
      },
    },
    Subscription: {
      todoChanges: {
        subscribe: () => changes.subscribe('created'),
        resolve: (todo: Todo) => ({ kind: 'ENTER', todo }),
      },
    },
  };
}

const [kind = 'map', directory = '.'] = process.argv.slice(2);
const schema = createSchema({ typeDefs, resolvers: resolversOf(kind, directory) });
const yoga = createYoga({
  schema,
  logging: false,
  // As in Everstate, which limits bodies before Yoga sees them: Yoga's own way halves its speed.
  maxRequestBodySize: false,
});
const server = createServer(yoga);
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.once('SIGTERM', () => process.exit(0));
