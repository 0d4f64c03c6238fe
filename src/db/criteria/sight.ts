/**
 * What one viewer sees and may write: the rules of access, worked out for them. A rule is a filter,
 * so it narrows what scans look for, and decides on single versions by the same words.
 */
import {
  type Access,
  adminRole,
  type Entity,
  type Version,
  type Viewer,
} from '../../entities/index.ts';
import { BrokenAccessRule, filterOfRule, WrongOperand } from './access-rule.ts';
import type { RecordFilter } from './filter.ts';
import { type Matcher, matcherOf } from './filter-match.ts';

/** What a viewer may do with one kind of record. */
interface EntitySight {
  /** Null where all of it is seen. */
  readonly filter: RecordFilter | null;
  readonly sees: Matcher;
  readonly mayWrite: Matcher;
  /** Of rules that come to the same. */
  readonly key: string;
}

export class Sight {
  readonly viewer: Viewer | null;
  readonly #entities = new Map<Entity, EntitySight>();
  readonly #all: readonly Entity[];
  #key: string | null = null;

  /** @param viewer null where nobody is asked who they are: everybody may do everything. */
  constructor(viewer: Viewer | null, entities: readonly Entity[]) {
    this.viewer = viewer;
    this.#all = entities;
  }

  /** Whether there is nothing that is not seen, and nothing that may not be written. */
  get isUnlimited(): boolean {
    return this.viewer === null || this.viewer.roles.includes(adminRole);
  }

  /** The same for viewers who see the same: what was answered to one of them holds for all. */
  get key(): string {
    if (this.isUnlimited) return '';
    this.#key ??= JSON.stringify(this.#all.map((entity) => this.#keyOf(entity)));
    return this.#key;
  }

  /** Whether every version of a kind of record is seen. */
  seesAll(entity: Entity): boolean {
    return this.isUnlimited || this.#of(entity).filter === null;
  }

  /** Whether a version is seen, by its own values. */
  sees(version: Version): boolean {
    return this.isUnlimited || this.#of(version.entity).sees(version);
  }

  /** Whether a version may be superseded, or left behind: it is seen, and the rule admits it. */
  mayWrite(version: Version): boolean {
    return this.isUnlimited || this.#of(version.entity).mayWrite(version);
  }

  /** A filter, and of what it admits that which is seen. */
  narrowed(entity: Entity, filter: RecordFilter | undefined): RecordFilter | undefined {
    if (this.isUnlimited) return filter;
    const { filter: rule } = this.#of(entity);
    return rule ? { ...filter, and: [...(filter?.and ?? []), rule] } : filter;
  }

  /** What a new record is to hold: whoever leaves the owner out is the owner. */
  owned<Input extends object>(entity: Entity, input: Input): Input {
    const { owner } = entity;
    if (this.viewer === null || owner === null) return input;
    if ((input as Readonly<Record<string, unknown>>)[owner] !== undefined) return input;
    return { ...input, [owner]: this.viewer.id };
  }

  #keyOf(entity: Entity): string | null {
    try {
      return this.#of(entity).key;
    } catch (error) {
      // Whoever asks for it gets an error, which is no answer to share; all else is not affected.
      if (error instanceof BrokenAccessRule) return null;
      throw error;
    }
  }

  #of(entity: Entity): EntitySight {
    const known = this.#entities.get(entity);
    if (known) return known;
    const sight = entitySight(entity, this.viewer as Viewer);
    this.#entities.set(entity, sight);
    return sight;
  }
}

/** Somebody, to try a rule with. */
const somebody: Viewer = { id: 'somebody', roles: [], claims: {} };

/**
 * Finds out whether a rule comes to filters of its entity. One that needs claims which nobody has
 * cannot be tried before somebody asks.
 * @throws BrokenAccessRule that names the entity, and what is wrong with the rule.
 */
export function refuseBrokenRule(entity: Entity): void {
  if (!entity.access) return;
  try {
    sightBy(entity, entity.access(somebody));
  } catch (error) {
    if (error instanceof BrokenAccessRule && !(error instanceof WrongOperand)) throw error;
  }
}

function entitySight(entity: Entity, viewer: Viewer): EntitySight {
  if (!entity.access) return sightBy(entity, { read: 'none', write: 'none' });
  let access: Access;
  try {
    access = entity.access(viewer);
  } catch (cause) {
    throw new BrokenAccessRule(`The access rule of ${entity.name} failed.`, { cause });
  }
  return sightBy(entity, access);
}

function sightBy(entity: Entity, access: Access): EntitySight {
  const { read: readRule, write: writeRule } = { ...access };
  const read = filterOfRule(entity, 'read', readRule);
  const write = filterOfRule(entity, 'write', writeRule);
  const sees = matcherOfRule(entity, read);
  const admits = matcherOfRule(entity, write);
  return {
    filter: read,
    sees,
    mayWrite: (version) => sees(version) && admits(version),
    key: JSON.stringify([read, write]),
  };
}

/** What a deleted record held counts as well. */
function matcherOfRule(entity: Entity, rule: RecordFilter | null): Matcher {
  return rule ? matcherOf(entity, { and: [rule], includeDeleted: true }) : () => true;
}
