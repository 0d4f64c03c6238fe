/** Unique keys and idempotency keys against the versions that they were made from. */
import { sql } from 'kysely';
import { columnOf, type Entity } from '../../../entities/index.ts';
import { limits } from '../../shared/limits.ts';
import { turns } from '../../shared/turns.ts';
import type { Defect } from '../defect.ts';
import { keyDigest } from '../digest.ts';
import type { LogReader } from '../log-reader.ts';
import type { LogFile } from '../sqlite/log-file.ts';
import { keysTable } from '../sqlite/version-table.ts';
import type { LogTables } from '../tables.ts';

/** Each live record has its own unique key kept, and nothing else has one. */
export async function verifyUniqueKeys(
  log: LogFile,
  kinds: readonly Entity[],
): Promise<Defect | null> {
  for (const entity of kinds.filter(({ uniqueKey }) => uniqueKey.length > 0)) {
    for (let after = ''; ; ) {
      const last = await lastIdOfPage(log, entity, after);
      if (last === null) break;
      const defect = await findOtherKey(log, entity, after, last);
      if (defect) return defect;
      after = last;
      await turns.yield();
    }
  }
  return null;
}

/** Records and keys go by id: no page of either is large. */
async function lastIdOfPage(log: LogFile, entity: Entity, after: string): Promise<string | null> {
  const idsOf = (table: string) => sql`
    select id from (
      select distinct id from ${sql.table(table)}
      where id > ${after} order by id limit ${limits.verifyPageRows}
    )`;
  const { rows } = await sql<{ last: string | null }>`
    select max(id) as last from (
      select id from (${idsOf(entity.table)} union ${idsOf(keysTable(entity))})
      order by id limit ${limits.verifyPageRows}
    )`.execute(log.kysely);
  return rows[0]?.last ?? null;
}

/** One statement sees records and keys at one moment, whatever is written meanwhile. */
async function findOtherKey(
  log: LogFile,
  entity: Entity,
  after: string,
  last: string,
): Promise<Defect | null> {
  const versions = sql.table(entity.table);
  const names = entity.uniqueKey.map((name) => sql.ref(columnOf(name)));
  const differs = names.map((name) => sql`live.${name} is not kept.${name}`);
  const { rows } = await sql<{ id: string; live: string | null; kept: string | null }>`
    with live as (
      select id, ${sql.join(names)} from ${versions} as version
      where id > ${after} and id <= ${last} and operation <> 'DELETE' and not exists (
        select 1 from ${versions} as later
        where later.id = version.id and later.revision = version.revision + 1
      )
    ), kept as (
      select * from ${sql.table(keysTable(entity))} where id > ${after} and id <= ${last}
    )
    select coalesce(live.id, kept.id) as id, live.id as live, kept.id as kept
    from live full join kept on kept.id = live.id
    where live.id is null or kept.id is null or ${sql.join(differs, sql` or `)}
    limit 1`.execute(log.kysely);
  const found = rows[0];
  if (!found) return null;
  const record = `${entity.name} ${JSON.stringify(found.id)}`;
  const message =
    found.kept === null
      ? `The unique key of ${record} is not kept: another record could take it.`
      : found.live === null
        ? `A unique key is kept for ${record}, which is no live record.`
        : `The unique key that is kept for ${record} is not its own.`;
  return { position: await lastPositionOf(log, entity, found.id), message };
}

async function lastPositionOf(log: LogFile, { table }: Entity, id: string): Promise<number | null> {
  const version = await log.versions
    .selectFrom(table)
    .select('position')
    .where('id', '=', id)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  return version?.position ?? null;
}

/** Each idempotency key leads to versions that there are. */
export async function verifyIdempotencyKeys(
  log: LogFile,
  reader: LogReader,
): Promise<Defect | null> {
  for (let after = ''; ; ) {
    const rows = await log.kysely
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('key', '>', after)
      .orderBy('key')
      .limit(limits.verifyPageRows)
      .execute();
    if (rows.length === 0) return null;
    // Asked after the keys: a key comes with the versions that it leads to.
    const end = (await reader.totals()).position;
    for (const row of rows) {
      const wrong = keyDefect(row, end);
      if (wrong === null) continue;
      return {
        position: null,
        message: `The idempotency key ${JSON.stringify(row.key)} ${wrong}.`,
      };
    }
    after = rows.at(-1)?.key ?? after;
    await turns.yield();
  }
}

function keyDefect(row: LogTables['idempotency_keys'], end: number): string | null {
  if (row.digest !== null && Buffer.compare(row.digest, keyDigest(row)) !== 0) {
    return 'was altered, or its result';
  }
  const led = [row.position, ...positionsIn(row.results)];
  const leads = led.every((each) => Number.isInteger(each) && each >= 0 && each <= end);
  return leads ? null : 'leads to no version';
}

/** The positions that a result names; NaN when it is no result. */
function positionsIn(results: string): number[] {
  try {
    const kept = JSON.parse(results) as [string, number, boolean, number[]][];
    return kept.flatMap(([, position, , over]) => [position, ...over]);
  } catch {
    return [Number.NaN];
  }
}
