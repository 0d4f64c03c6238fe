/**
 * Todos as the contract has them, in plain memory: what every mutation comes to, written down as
 * simply as it can be said. Nothing here is shared with what it checks.
 */

export interface TodoValues {
  readonly subject: string | null;
  readonly status: string | null;
  readonly priority: number;
  readonly labels: readonly string[];
}
type TodoPatch = Partial<TodoValues>;

export interface ModelVersion {
  readonly id: string;
  readonly position: number;
  readonly transaction: number;
  readonly revision: number;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'RESTORE';
  readonly values: TodoValues;
}

/** One change of one todo, as mutations and `transact` take it. */
export type ModelChange =
  | { readonly kind: 'create'; readonly id: string; readonly values: TodoPatch }
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly values: TodoPatch;
      readonly expectedRevision?: number;
      readonly rebase?: boolean;
    }
  | { readonly kind: 'delete'; readonly id: string; readonly expectedRevision?: number };

/** Why a mutation is refused, by the name of its problem. */
export class ModelProblem extends Error {}

const fields = ['subject', 'status', 'priority', 'labels'] as const;
const defaults: TodoValues = { subject: null, status: null, priority: 100, labels: [] };
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export function changedFields(a: TodoValues, b: TodoValues): (keyof TodoValues)[] {
  return fields.filter((name) => !same(a[name], b[name]));
}

export class TodoModel {
  #versions: readonly ModelVersion[] = [];
  #transactions = 0;

  get versions(): readonly ModelVersion[] {
    return this.#versions;
  }

  get transactions(): number {
    return this.#transactions;
  }

  /** Runs changes as one transaction: all, or none when one of them throws. */
  transact<T>(work: () => T): T {
    const before = this.#versions;
    try {
      const result = work();
      if (this.#versions !== before) this.#transactions += 1;
      return result;
    } catch (error) {
      this.#versions = before;
      throw error;
    }
  }

  /** Runs changes and takes them back, whatever they come to. */
  tryOut<T>(work: () => T): T {
    const before = this.#versions;
    try {
      return work();
    } finally {
      this.#versions = before;
    }
  }

  history(id: string, at = this.#versions.length): ModelVersion[] {
    return this.#versions.filter((version) => version.id === id && version.position <= at);
  }

  last(id: string, at?: number): ModelVersion | undefined {
    return this.history(id, at).at(-1);
  }

  /** The records at a position, each as its last version. */
  records(at: number): ModelVersion[] {
    const ids = [...new Set(this.#versions.map(({ id }) => id))];
    return ids.flatMap((id) => this.last(id, at) ?? []);
  }

  live(at: number): ModelVersion[] {
    return this.records(at).filter(({ operation }) => operation !== 'DELETE');
  }

  change(change: ModelChange): void {
    const last = this.last(change.id);
    if (change.kind === 'create') {
      if (last) throw new ModelProblem('AlreadyExists');
      this.#append(change.id, 'CREATE', { ...defaults, ...change.values });
      return;
    }
    if (!last || last.operation === 'DELETE') throw new ModelProblem('NotFound');
    const expected = change.expectedRevision ?? last.revision;
    if (change.kind === 'delete') {
      if (expected !== last.revision) throw new ModelProblem('RevisionConflict');
      this.#append(change.id, 'DELETE', last.values);
      return;
    }
    if (expected !== last.revision) this.#refuseLoss(change, expected, last);
    const values = { ...last.values, ...change.values };
    if (changedFields(last.values, values).length > 0) this.#append(change.id, 'UPDATE', values);
  }

  /** A stale patch may go on top when each of its fields was untouched since, or is so already. */
  #refuseLoss(
    { id, values, rebase }: Extract<ModelChange, { kind: 'update' }>,
    expected: number,
    last: ModelVersion,
  ): void {
    const since = this.history(id).filter(({ revision }) => revision >= expected);
    if (!rebase || since.length < 2) throw new ModelProblem('RevisionConflict');
    const touched = since
      .slice(1)
      .flatMap((version, index) =>
        changedFields((since[index] as ModelVersion).values, version.values),
      );
    for (const name of touched) {
      if (name in values && !same(values[name], last.values[name])) {
        throw new ModelProblem('RevisionConflict');
      }
    }
  }

  restore(id: string, revision?: number): void {
    const last = this.last(id);
    if (!last) throw new ModelProblem('NotFound');
    const deleted = last.operation === 'DELETE';
    if (revision === undefined && !deleted) throw new ModelProblem('InvalidInput');
    const wanted = revision === undefined ? last : this.history(id)[revision - 1];
    if (!wanted) throw new ModelProblem('InvalidInput');
    if (revision !== undefined && wanted.operation === 'DELETE') {
      throw new ModelProblem('InvalidInput');
    }
    if (!deleted && same(wanted.values, last.values)) return;
    this.#append(id, 'RESTORE', wanted.values);
  }

  /** Field by field, unless what it changed was changed to something else since. */
  revert(transaction: number): void {
    const touched = this.#versions.filter((version) => version.transaction === transaction);
    if (touched.length === 0) throw new ModelProblem('NotFound');
    const ids = [...new Set(touched.map(({ id }) => id).toReversed())];
    let conflict = false;
    const undoing: (() => void)[] = [];
    for (const id of ids) {
      const own = touched.filter((version) => version.id === id);
      const before = this.last(id, (own[0] as ModelVersion).position - 1);
      const after = own.at(-1) as ModelVersion;
      const now = this.last(id) as ModelVersion;
      const lived = before !== undefined && before.operation !== 'DELETE';
      const lives = now.operation !== 'DELETE';
      if (!lived && after.operation !== 'DELETE') {
        if (!lives) continue;
        if (!same(now.values, after.values)) conflict = true;
        undoing.push(() => this.#append(id, 'DELETE', now.values));
      } else if (lived && after.operation === 'DELETE') {
        const values = { ...now.values };
        const back = before.values;
        for (const name of changedFields(before.values, after.values)) {
          const settled =
            same(now.values[name], after.values[name]) || same(now.values[name], back[name]);
          if (!settled) conflict = true;
          Object.assign(values, { [name]: back[name] });
        }
        if (!lives) undoing.push(() => this.#append(id, 'RESTORE', values));
        else if (!same(values, now.values)) undoing.push(() => this.#append(id, 'UPDATE', values));
      } else if (lived) {
        const changed = changedFields(before.values, after.values);
        if (!lives && changed.length > 0) conflict = true;
        const values = { ...now.values };
        for (const name of changed) {
          const kept = now.values[name];
          if (!same(kept, after.values[name]) && !same(kept, before.values[name])) conflict = true;
          Object.assign(values, { [name]: before.values[name] });
        }
        if (!same(values, now.values)) undoing.push(() => this.#append(id, 'UPDATE', values));
      }
    }
    if (conflict) throw new ModelProblem('RevertConflict');
    for (const undo of undoing) undo();
  }

  #append(id: string, operation: ModelVersion['operation'], values: TodoValues): void {
    const version: ModelVersion = {
      id,
      operation,
      values,
      position: this.#versions.length + 1,
      transaction: this.#transactions + 1,
      revision: this.history(id).length + 1,
    };
    this.#versions = [...this.#versions, version];
  }
}
