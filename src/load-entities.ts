/** Entities from a file of the user's own, in TypeScript or JavaScript. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { register } from 'tsx/esm/api';
import { WrongSetting } from './config.ts';
import { type Entity, shippedEntities } from './entities/index.ts';

/**
 * The entities that a file exports, one by one or in lists; those that ship when no file is named.
 * A file that wants to keep Todo or LakeFile exports them again.
 * @throws WrongSetting when the file is missing, fails, or exports no entity.
 */
export async function loadEntities(path: string | null): Promise<readonly Entity[]> {
  if (path === null) return shippedEntities;
  const found = new Set(
    Object.values(await importFile(path))
      .flat()
      .filter(isEntity),
  );
  if (found.size > 0) return [...found];
  throw new WrongSetting(
    `--entities must export what defineEntity returns, but ${path} exports none.`,
  );
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const absolute = resolve(path);
  if (!existsSync(absolute))
    throw new WrongSetting(`--entities must be a file, but there is no ${path}.`);
  const unregister = register();
  try {
    return (await import(pathToFileURL(absolute).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WrongSetting(`--entities cannot be loaded from ${path}: ${reason}`);
  } finally {
    await unregister();
  }
}

function isEntity(value: unknown): value is Entity {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && 'table' in value && 'fields' in value && 'uniqueKey' in value;
}
