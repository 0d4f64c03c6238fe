/** What the log says of erasures, against what they left. */
import type { Defect } from '../defect.ts';
import { type ErasedRecord, erasureDigest } from '../erase.ts';
import type { LogFile } from '../sqlite/log-file.ts';

/** The walk over all versions sees to each of them; this sees to what names them. */
export async function verifyErasures(log: LogFile): Promise<Defect | null> {
  const named = new Map<number, number>();
  const rows = await log.kysely.selectFrom('erasures').selectAll().orderBy('id').execute();
  for (const { id, digest, ...row } of rows) {
    if (Buffer.compare(erasureDigest(row), digest) !== 0) {
      return defect(`What the log says of erasure ${id} was altered.`);
    }
    const records = JSON.parse(row.records) as readonly ErasedRecord[];
    for (const position of records.flatMap(({ positions }) => positions)) named.set(position, id);
  }
  const listed = await log.kysely.selectFrom('erased_versions').selectAll().execute();
  const isSame =
    listed.length === named.size &&
    listed.every(({ position, erasure }) => named.get(position) === erasure);
  return isSame ? null : defect('The list of erased versions is not what the erasures say.');
}

function defect(message: string): Defect {
  return { position: null, message };
}
