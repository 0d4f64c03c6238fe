/**
 * Proving that nothing in the log was altered: the versions by their digest chain, contents by
 * their SHA-256, and what the database keeps beside them by what it should be.
 */
import type { Entity } from '../../../entities/index.ts';
import type { Verified, VerifyWatch } from '../defect.ts';
import type { LogReader } from '../log-reader.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { loggedKinds, verifyKinds } from '../sqlite/logged-kinds.ts';
import { verifyFile } from '../sqlite/verify-file.ts';
import { verifySchema } from '../sqlite/verify-schema.ts';
import { unreadable } from './unreadable.ts';
import { verifyChain } from './verify-chain.ts';
import { StoredContents } from './verify-contents.ts';
import { verifyErasures } from './verify-erasures.ts';
import { verifyIdempotencyKeys, verifyUniqueKeys } from './verify-keys.ts';
import { verifyLogId } from './verify-log-id.ts';

/**
 * Walks the whole log: positions without a gap, transactions whole, every digest as its version's
 * contents and the digest before it demand, and the contents of files as they were stored. Then
 * the rest of the file: tables and triggers, the log's id and kinds, unique keys and idempotency
 * keys, and what SQLite itself can check. Other work of the process goes on meanwhile.
 */
export async function verifyLog(
  log: LogFile,
  reader: LogReader,
  entities: readonly Entity[],
  watch: VerifyWatch = { onVersion: () => {}, onContents: () => {} },
): Promise<Verified> {
  let versions = 0;
  try {
    const kinds = await loggedKinds(log, entities);
    const contents = await StoredContents.read(log, reader, watch);
    const chain = await verifyChain(log, reader, kinds, contents, watch);
    versions = chain.versions;
    const others = [
      () => contents.unnamedDefect(),
      () => verifySchema(log, kinds),
      () => verifyLogId(log),
      () => verifyKinds(log, entities),
      () => verifyUniqueKeys(log, kinds),
      () => verifyIdempotencyKeys(log, reader),
      () => verifyErasures(log),
      () => verifyFile(log),
    ];
    let { defect } = chain;
    for (const next of others) defect ??= await next();
    return { versions, defect };
  } catch (error) {
    return { versions, defect: await unreadable(log, null, error) };
  }
}
