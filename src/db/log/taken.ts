/** Why a version could not be kept: its id, or its unique key, belongs to another record. */
import type { Version } from '../../entities/index.ts';
import { AlreadyExists } from '../shared/problems.ts';
import { findByUniqueKey } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';

/** The problem of a version that met a unique constraint: who holds what it wanted. */
export function explainTaken(log: LogFile, { entity, id, values }: Version): AlreadyExists {
  const holder = entity.uniqueKey.length > 0 ? findByUniqueKey(log, entity, values) : null;
  if (holder !== null && holder !== id) {
    const key = entity.uniqueKey.map((name) => `${name} ${JSON.stringify(values[name])}`);
    const message =
      `A ${entity.name} with ${key.join(', ')} exists already: ${JSON.stringify(holder)}. ` +
      'Change or delete that one first.';
    return new AlreadyExists(message, holder);
  }
  const hint = 'Ids are never used twice, not even after a deletion.';
  return new AlreadyExists(`${entity.name} ${JSON.stringify(id)} exists already. ${hint}`, id);
}
