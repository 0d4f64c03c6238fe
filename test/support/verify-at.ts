/** Verifying a log without a store, and so without a replica. */
import { LogReader } from '../../src/db/log/log-reader.ts';
import { LogFile } from '../../src/db/log/sqlite/log-file.ts';
import { schemaVersion } from '../../src/db/log/sqlite/migrations.ts';
import { verifyLog } from '../../src/db/log/verify/verify.ts';
import { shippedEntities } from '../../src/entities/index.ts';

/** Verifies the file as it lies there. */
export async function verifyAt(path: string, entities = shippedEntities as never) {
  const log = LogFile.open(path, schemaVersion);
  try {
    return await verifyLog(log, new LogReader(log, entities), entities);
  } finally {
    await log.close();
  }
}
