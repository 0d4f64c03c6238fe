/**
 * PostGraphile over node:http, in a process of its own.
 * Arguments: `<directory with its node_modules> <socket directory> <database>`.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** More connections made updates slower: telling of a change holds a lock until its commit. */
const poolSize = 8;
const bodyBytesMax = 16 * 1024 * 1024;

const [directory = '.', socket = '.', database = ''] = process.argv.slice(2);
const load = createRequire(join(directory, 'package.json'));

// PostGraphile asks for Node 22. This is all that Node 20 lacks of what it uses.
Object.assign(Promise, {
  withResolvers() {
    const made: Record<string, unknown> = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
  },
});

const { postgraphile } = load('postgraphile');
const { PostGraphileAmberPreset } = load('postgraphile/presets/amber');
const { makePgService } = load('postgraphile/adaptors/pg');
const { extendSchema, gql } = load('postgraphile/utils');
const { context, listen } = load('postgraphile/grafast');
const { jsonParse } = load('postgraphile/@dataplan/json');
const { grafserv } = load('postgraphile/grafserv/node');
const { Pool } = load('pg');

const changes = extendSchema({
  typeDefs: gql`
    type TodoChange {
      id: String
      revision: Int
      subject: String
      priority: Int
      status: String
    }
    extend type Subscription {
      todoChanges: TodoChange
    }
  `,
  objects: {
    Subscription: {
      plans: {
        todoChanges: {
          subscribePlan: () => listen(context().get('pgSubscriber'), 'todos', jsonParse),
          plan: (change: unknown) => change,
        },
      },
    },
  },
});

const pool = new Pool({
  host: socket,
  user: 'postgres',
  database,
  min: poolSize,
  max: poolSize,
  idleTimeoutMillis: 0,
});
pool.on('error', (error: Error) => console.error(error));
const service = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [changes],
  pgServices: [makePgService({ pool, schemas: ['app'], pubsub: true })],
  schema: { defaultBehavior: '+connection +list' },
  grafserv: { graphqlPath: '/graphql', websockets: true, maxRequestLength: bodyBytesMax },
  grafast: { explain: false },
});
const server = createServer();
await service.createServ(grafserv).addTo(server);
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.once('SIGTERM', () => process.exit(0));
