/** Reading what a dry run would have written, as if it had been. */
import { differingFields, type Tentative } from '../../db/index.ts';
import type { Entity, Version } from '../../entities/index.ts';
import type { EntityLoaders, Loaders } from './loaders.ts';

/**
 * Loaders that know a dry run's versions besides those of the log, so that a record as it would be
 * has the history that it would have.
 */
export class TentativeLoaders {
  readonly tentative: Tentative;
  readonly #loaders: Loaders;
  readonly #byRecord = new Map<string, Version[]>();

  constructor(loaders: Loaders, tentative: Tentative) {
    this.#loaders = loaders;
    this.tentative = tentative;
    for (const version of tentative.versions) {
      const key = keyOf(version.entity, version.id);
      const versions = this.#byRecord.get(key) ?? [];
      versions.push(version);
      this.#byRecord.set(key, versions);
    }
  }

  of<E extends Entity>(entity: E): EntityLoaders<E> {
    const logged = this.#loaders.of(entity);
    return {
      record: logged.record,
      revisions: async ({ id, from, to }) => {
        const own = this.#versionsOf(entity, id, from, to);
        // Another write may have taken the same numbers since.
        const last = to - own.length;
        return last < from ? own : [...(await logged.revisions({ id, from, to: last })), ...own];
      },
      blame: async ({ id, revision }) => {
        const own = this.#versionsOf(entity, id, 1, revision);
        const last = revision - own.length;
        const lastSet = last > 0 ? { ...(await logged.blame({ id, revision: last })) } : {};
        const [begin] = last > 0 ? await logged.revisions({ id, from: last, to: last }) : [];
        let before = begin;
        for (const version of own) {
          for (const name of fieldsSet(before, version)) lastSet[name] = version.revision;
          before = version;
        }
        return lastSet;
      },
    };
  }

  /** The dry run's own versions of a record: those with the highest revisions. */
  #versionsOf<E extends Entity>(entity: E, id: string, from: number, to: number): Version<E>[] {
    const own = this.#byRecord.get(keyOf(entity, id)) ?? [];
    return own.filter(
      (version): version is Version<E> => version.revision >= from && version.revision <= to,
    );
  }
}

function fieldsSet(before: Version | undefined, after: Version): string[] {
  if (!before) return Object.keys(after.entity.fields);
  return differingFields(after.entity, before.values, after.values);
}

function keyOf({ name }: Entity, id: string): string {
  return `${name}:${id}`;
}
