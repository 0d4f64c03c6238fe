/** A plain model of a store: all versions in one list, searched naively. */
import type { Committed } from '../../src/db/index.ts';
import type {
  Entity,
  Operation,
  Position,
  Revision,
  Transaction,
  Version,
} from '../../src/entities/index.ts';

/** One change that a transaction tries. */
export interface Change {
  readonly entity: Entity;
  readonly id: string;
  readonly action: 'create' | 'update' | 'delete';
  /** A value per field; a field left out takes its default, or keeps its value. */
  readonly values: Readonly<Record<string, unknown>>;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export class Model {
  readonly versions: Version[] = [];

  get head(): Position {
    return this.versions.length as Position;
  }

  /** The version in force at a position; null before the record's creation. */
  versionAt(entity: Entity, id: string, at: number): Version | null {
    const upTo = this.versions.slice(0, at);
    return upTo.findLast((version) => version.entity === entity && version.id === id) ?? null;
  }

  /** All records that were live at a position. */
  liveAt(entity: Entity, at: number): Version[] {
    const ids = new Set(this.versions.filter((v) => v.entity === entity).map(({ id }) => id));
    return [...ids]
      .map((id) => this.versionAt(entity, id, at))
      .filter((version) => version !== null && version.operation !== 'DELETE') as Version[];
  }

  history(entity: Entity, id: string): Version[] {
    return this.versions.filter((version) => version.entity === entity && version.id === id);
  }

  /** Appends what a transaction of these changes appends when each that fails is passed over. */
  apply(changes: readonly Change[], { transaction }: Committed<unknown>): void {
    for (const change of changes) this.#applyOne(change, transaction);
  }

  #applyOne({ entity, id, action, values }: Change, transaction: Transaction | null): void {
    const before = this.versionAt(entity, id, this.head);
    const live = before !== null && before.operation !== 'DELETE';
    if (action === 'create') {
      if (before) return;
      const defaults = Object.entries(entity.fields).map(([name, field]) => [name, field.default]);
      this.#append(entity, id, 'CREATE', null, transaction, {
        ...Object.fromEntries(defaults),
        ...values,
      });
    } else if (action === 'update') {
      if (!live || same({ ...before.values, ...values }, before.values)) return;
      this.#append(entity, id, 'UPDATE', before, transaction, { ...before.values, ...values });
    } else if (live) {
      this.#append(entity, id, 'DELETE', before, transaction, before.values);
    }
  }

  #append(
    entity: Entity,
    id: string,
    operation: Operation,
    before: Version | null,
    transaction: Transaction | null,
    values: Readonly<Record<string, unknown>>,
  ): void {
    if (!transaction) throw new Error('The model appends where the store appended nothing.');
    this.versions.push({
      entity,
      id,
      operation,
      revision: ((before?.revision ?? 0) + 1) as Revision,
      position: (this.head + 1) as Position,
      previousPosition: before?.position ?? null,
      transactionId: transaction.id,
      committedAt: transaction.committedAt,
      createdAt: before?.createdAt ?? transaction.committedAt,
      values: values as Version['values'],
    });
  }
}
