/** Entities from a file of the user's own, in TypeScript or JavaScript. */
import { existsSync } from 'node:fs';
import module from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WrongSetting } from './config.ts';
import { type Entity, shippedEntities } from './entities/index.ts';
import { entityFileHooks, type SyncHooks } from './entity-file-hooks.ts';
import { buildSchema } from './schema/index.ts';

/**
 * The entities that a file exports, one by one or in lists; those that ship when no file is named.
 * A file that wants to keep Todo or LakeFile exports them again.
 * @throws WrongSetting when the file is missing, fails, exports no entity, or exports entities
 *   that cannot be served together.
 */
export async function loadEntities(path: string | null): Promise<readonly Entity[]> {
  if (path === null) return shippedEntities;
  const exported = Object.values(await importFile(path)).flat();
  const entities = [...new Set(exported.filter(isEntity))];
  if (entities.length === 0) {
    throw new WrongSetting(
      `--entities must export what defineEntity returns, but ${path} exports none.`,
    );
  }
  try {
    buildSchema(entities);
  } catch (error) {
    throw new WrongSetting(`--entities ${path} cannot be served: ${reasonOf(error)}`);
  }
  return entities;
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const absolute = resolve(path);
  if (!existsSync(absolute))
    throw new WrongSetting(`--entities must be a file, but there is no ${path}.`);
  addHooks();
  // Loaded for such a file alone: it brings a compiler.
  const { register: registerTypeScript } = await import('tsx/esm/api');
  const unregister = registerTypeScript();
  try {
    return (await import(pathToFileURL(absolute).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new WrongSetting(`--entities cannot be loaded from ${path}: ${reasonOf(error)}`);
  } finally {
    await unregister();
  }
}

/** Node 20 has hooks of one kind, and warns of them since it has the other. */
function addHooks(): void {
  // Beside this file lies either all of src or all of dist.
  const sibling = (name: string) =>
    new URL(`./${name}${extname(import.meta.url)}`, import.meta.url).href;
  const everstateUrl = sibling('index');
  const { registerHooks } = module as { registerHooks?: (hooks: SyncHooks) => unknown };
  if (registerHooks) registerHooks(entityFileHooks(everstateUrl));
  else module.register(sibling('entity-file-hooks'), { data: everstateUrl });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isEntity(value: unknown): value is Entity {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && 'table' in value && 'fields' in value && 'uniqueKey' in value;
}
