/** What records can be grouped by, and what is told of each group besides how many it holds. */
import type { Field, FieldKind, FieldMap } from './field.ts';
import { pluralOf, singularOf } from './plural.ts';
import { reservedGroupNames } from './reserved-names.ts';
import { snakeCase } from './snake-case.ts';

/** A field that groups are told apart by. */
interface GroupField {
  readonly field: string;
  /** The field of the GraphQL group type: `status`; of a list of labels one of them: `label`. */
  readonly name: string;
  /** The member of the GraphQL enum: `STATUS`. */
  readonly enumName: string;
}

/** A field of numbers that is summed up per group. */
export interface GroupMeasure {
  readonly field: string;
  /** The field of the GraphQL group type: `priorities`, `totalSize`. */
  readonly name: string;
}

export interface Groups {
  /** Without any of these there are no groups of the entity. */
  readonly by: readonly GroupField[];
  /** Of these the least, the greatest, the average and the sum. */
  readonly stats: readonly GroupMeasure[];
  /** Of these the sum alone. */
  readonly totals: readonly GroupMeasure[];
}

/** The kinds of fields that serve each purpose. */
const kinds = {
  by: ['id', 'text', 'int', 'boolean', 'labels'],
  stats: ['int', 'float'],
  totals: ['int', 'int64'],
} as const satisfies Record<keyof Groups, readonly FieldKind[]>;

type NameOfKind<Fields extends FieldMap, Kind extends FieldKind> = {
  [Name in keyof Fields & string]: Fields[Name]['kind'] extends Kind ? Name : never;
}[keyof Fields & string];

/** Names of fields. What is left out is none of them. */
export interface GroupsDefinition<Fields extends FieldMap> {
  readonly by: readonly NameOfKind<Fields, (typeof kinds.by)[number]>[];
  readonly stats?: readonly NameOfKind<Fields, (typeof kinds.stats)[number]>[];
  readonly totals?: readonly NameOfKind<Fields, (typeof kinds.totals)[number]>[];
}

type NamesByPurpose = { readonly [Purpose in keyof Groups]?: readonly string[] };

/** The groups that a definition asks for, named; findGroupsDefect says whether they can be. */
export function definedGroups(fields: FieldMap, definition: NamesByPurpose): Groups {
  return freeze({
    by: (definition.by ?? []).map((name) => groupField(name, fields[name])),
    stats: (definition.stats ?? []).map(statsOf),
    totals: (definition.totals ?? []).map(totalOf),
  });
}

/**
 * The groups of an entity that says nothing of them: by every field that can be, with stats of
 * every int and float and totals of every int64, but for those whose name is taken in a group.
 */
export function defaultGroups(fields: FieldMap): Groups {
  const taken = new Set(reservedGroupNames);
  const isFree = ({ name }: { readonly name: string }) => {
    if (taken.has(name)) return false;
    taken.add(name);
    return true;
  };
  const named = (...wanted: readonly FieldKind[]) =>
    Object.keys(fields).filter((name) => {
      const { kind, contents } = fields[name] as Field;
      return wanted.includes(kind) && !contents;
    });
  return freeze({
    by: named(...kinds.by)
      .map((name) => groupField(name, fields[name]))
      .filter(isFree),
    stats: named(...kinds.stats)
      .map(statsOf)
      .filter(isFree),
    totals: named('int64').map(totalOf).filter(isFree),
  });
}

/** What is wrong with an entity's groups, as the end of a sentence; null when nothing is. */
export function findGroupsDefect(fields: FieldMap, groups: Groups): string | null {
  for (const purpose of ['by', 'stats', 'totals'] as const) {
    for (const { field: name } of groups[purpose]) {
      if (!Object.hasOwn(fields, name)) {
        return `its groups.${purpose} names "${name}", which is not a field.`;
      }
      const { kind } = fields[name] as Field;
      const wanted: readonly FieldKind[] = kinds[purpose];
      if (!wanted.includes(kind)) {
        return `its groups.${purpose} names "${name}", which is of kind ${kind} and not ${wanted.join(' or ')}.`;
      }
    }
  }
  const owners = new Map([...reservedGroupNames].map((name) => [name, 'every group']));
  for (const { field, name } of [...groups.by, ...groups.stats, ...groups.totals]) {
    const owner = owners.get(name);
    if (owner) {
      return (
        `its groups have "${name}" from ${owner} and from the field "${field}". ` +
        'Leave one out of groups.'
      );
    }
    owners.set(name, `the field "${field}"`);
  }
  return null;
}

function groupField(field: string, definition: Field | undefined): GroupField {
  const name = definition?.kind === 'labels' ? singularOf(field) : field;
  return Object.freeze({ field, name, enumName: snakeCase(name).toUpperCase() });
}

function statsOf(field: string): GroupMeasure {
  return Object.freeze({ field, name: pluralOf(field) });
}

function totalOf(field: string): GroupMeasure {
  const name = `total${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  return Object.freeze({ field, name });
}

function freeze(groups: Groups): Groups {
  const { by, stats, totals } = groups;
  return Object.freeze({
    by: Object.freeze(by),
    stats: Object.freeze(stats),
    totals: Object.freeze(totals),
  });
}
