/**
 * Which operations are told apart. Clients name theirs as they like, and each name costs memory here
 * and with whoever gathers metrics: so there is room for so many.
 */

/** Names that are told apart, besides those of trusted documents. */
export const operationNamesMax = 200;
/** Longest of them, in characters. */
const nameLengthMax = 64;

export class OperationNames {
  readonly #known: Set<string>;
  #room = operationNamesMax;

  /** @param trusted names for which there is room in any case. */
  constructor(trusted: Iterable<string> = []) {
    this.#known = new Set(trusted);
  }

  /**
   * The name under which an operation is counted: its own, `anonymous` for one that has none, or
   * `other` where there is no room left, or nobody knows whether it is an operation.
   */
  of({ type, name }: { readonly type: string; readonly name: string | null }): string {
    if (type === 'unknown') return 'other';
    if (name === null) return 'anonymous';
    if (this.#known.has(name)) return name;
    if (this.#room === 0 || name.length > nameLengthMax) return 'other';
    this.#room -= 1;
    this.#known.add(name);
    return name;
  }
}
