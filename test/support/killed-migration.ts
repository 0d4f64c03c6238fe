/**
 * A process that opens a log and is killed on the way, as power fails: before one of the statements
 * that SQLite is to run. Its arguments are the data directory, and which statement, from 1; with 0 it
 * lives, and tells its parent how many there were.
 */
import Database from 'better-sqlite3';
import { openLog } from '../../src/db/index.ts';
import { shippedEntities } from '../../src/entities/index.ts';

const [, , directory = '', statement = '0'] = process.argv;
const database = new Database(':memory:');
const statements = Object.getPrototypeOf(database.prepare('select 1')) as Record<
  string,
  (...values: unknown[]) => unknown
>;
database.close();
let count = 0;
for (const name of ['run', 'all']) {
  const run = statements[name];
  statements[name] = function (...values) {
    count += 1;
    if (count === Number(statement)) process.kill(process.pid, 'SIGKILL');
    return run?.apply(this, values);
  };
}
const log = await openLog({ directory, entities: shippedEntities });
process.send?.(count);
await log.close();
process.disconnect?.();
