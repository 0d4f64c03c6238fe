/** Another program that opens the log with SQLite alone, asks once, and closes it. Prints the answer. */
import Database from 'better-sqlite3';

const [, , path, query] = process.argv;
const database = new Database(path as string);
console.log(
  JSON.stringify(
    database
      .prepare(query as string)
      .pluck()
      .all(),
  ),
);
database.close();
