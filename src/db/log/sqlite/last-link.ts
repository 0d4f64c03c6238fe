/** What the next version of a record goes on from, without its values. */
import { sql } from 'kysely';
import type { Entity, Microseconds, Operation } from '../../../entities/index.ts';
import type { LogFile } from './log-file.ts';
import { given } from './statement.ts';

export interface LastLink {
  readonly revision: number;
  readonly position: number;
  readonly createdAt: Microseconds;
  readonly operation: Operation;
}

/** Of the record's last version; null when the id was never used. */
export function readLastLink(log: LogFile, entity: Entity, id: string): LastLink | null {
  const statement = log.statement(entity, 'last link', () =>
    log.versions
      .selectFrom(entity.table)
      .select(['revision', 'position', 'created_idx', 'operation'])
      .where('id', '=', given<string>(0))
      .orderBy('revision', 'desc')
      .limit(sql.lit(1))
      .compile(),
  );
  const row = statement.first([id]);
  if (!row) return null;
  const [revision, position, createdAt, operation] = row;
  return { revision, position, createdAt, operation } as LastLink;
}
