/** Kysely's dialect of SQLite for reading: queries wait for a turn of the event loop. */
import { type DatabaseConnection, type Driver, SqliteDialect } from 'kysely';
import { turns } from '../../shared/turns.ts';

/**
 * SQLite answers without leaving the turn that it is asked in, so that many queries in a row would
 * hold the event loop. Asked for before each query, once the one before it is done.
 */
export class SqliteInTurns extends SqliteDialect {
  override createDriver(): Driver {
    const driver = super.createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    return Object.assign(driver, {
      acquireConnection: async (): Promise<DatabaseConnection> => {
        const connection = await acquire();
        await turns.yield();
        return connection;
      },
    });
  }
}
