/** A look at all rows of dkdc-state, in their new order, before anything is written of them. */
import { type Entity, fieldValue, type Version } from '../entities/index.ts';
import { count } from '../terminal/index.ts';
import type { DkdcRow } from './dkdc-database.ts';
import type { RowIssues } from './row-values.ts';

/** A record as the rows so far have left it. */
interface Seen {
  readonly owner: unknown;
  /** What no two live records of its kind may share; null where there is nothing. */
  readonly key: string | null;
}

export class DkdcLook {
  readonly #issues: RowIssues;
  readonly #records = new Map<string, Seen>();
  readonly #holders = new Map<string, { readonly record: string; readonly origin: string }>();
  readonly #changedOwners = new Set<string>();

  constructor(issues: RowIssues) {
    this.#issues = issues;
  }

  /** Looks at the next row: dkdc-state kept nothing unique, two writers could both append a file. */
  add(entity: Entity, { id, values, origin }: DkdcRow): void {
    const record = JSON.stringify([entity.name, id]);
    const owner = entity.owner && fieldValue({ values } as Version, entity.owner);
    const key = uniqueKeyOf(entity, values);
    const before = this.#records.get(record);
    if (before && before.owner !== owner) this.#changedOwners.add(record);
    if (before?.key != null && before.key !== key) this.#holders.delete(before.key);
    const holder = key === null ? undefined : this.#holders.get(key);
    if (holder && holder.record !== record) {
      const other = `are those of another id as well (${holder.origin}). Rename one of them there.`;
      this.#issues.add(origin, entity.uniqueKey.join(', '), other);
    } else if (key !== null) this.#holders.set(key, { record, origin });
    this.#records.set(record, { owner, key });
  }

  /** What is to be known of them, a sentence each. */
  get notes(): string[] {
    if (this.#changedOwners.size === 0) return [];
    const changed = count(this.#changedOwners.size, 'record');
    return [
      `${changed} changed owners: whoever had one before does not see it among theirs any more.`,
    ];
  }
}

function uniqueKeyOf({ name, uniqueKey }: Entity, values: Version['values']): string | null {
  if (uniqueKey.length === 0) return null;
  return JSON.stringify([
    name,
    ...uniqueKey.map((field) => fieldValue({ values } as Version, field)),
  ]);
}
