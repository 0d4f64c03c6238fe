/** Why a version could not be kept: its id, or its unique key, belongs to another record. */
import type { Version } from '../../entities/index.ts';
import type { Sight } from '../criteria/sight.ts';
import { AlreadyExists } from '../shared/problems.ts';
import { findByUniqueKey, readLastVersion } from './logged-records.ts';
import type { LogFile } from './sqlite/log-file.ts';

/**
 * The problem of a version that met a unique constraint: who holds what it wanted.
 * @param sight of whoever wrote it: who holds it is told where that may be seen.
 */
export function explainTaken(
  log: LogFile,
  { entity, id, values }: Version,
  sight: Sight,
): AlreadyExists {
  const holder = entity.uniqueKey.length > 0 ? findByUniqueKey(log, entity, values) : null;
  if (holder !== null && holder !== id) {
    const key = entity.uniqueKey.map((name) => `${name} ${JSON.stringify(values[name])}`);
    const what = `A ${entity.name} with ${key.join(', ')} exists already`;
    const held = readLastVersion(log, entity, holder);
    if (!held || !sight.sees(held)) return new AlreadyExists(`${what}. Choose others.`, null);
    const message = `${what}: ${JSON.stringify(holder)}. Change or delete that one first.`;
    return new AlreadyExists(message, holder);
  }
  const hint = 'Ids are never used twice, not even after a deletion.';
  return new AlreadyExists(`${entity.name} ${JSON.stringify(id)} exists already. ${hint}`, id);
}
