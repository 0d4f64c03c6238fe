/** How many todos match what is searched for, and where they are: by status, or among the deleted. */
import type { StatusCount } from '../graphql/todos.ts';
import { type Choice, isSettled } from './filter.ts';

export interface Counts {
  readonly byStatus: readonly StatusCount[];
  readonly deleted: number;
}

/** Where todos are that match in words and labels, but are not shown. */
export interface Elsewhere {
  /** After a number: "in done", "deleted". */
  readonly name: string;
  readonly count: number;
  /** What shows them. */
  readonly choice: Pick<Choice, 'status' | 'deleted'>;
}

export function sumOf(counted: readonly StatusCount[]): number {
  return counted.reduce((total, { count }) => total + count, 0);
}

export function elsewhereOf({ status, deleted }: Choice, counts: Counts): readonly Elsewhere[] {
  if (deleted) {
    const live = { name: 'not deleted', count: sumOf(counts.byStatus) };
    return [{ ...live, choice: { status: 'all', deleted: false } }].filter(isAny);
  }
  const isShown = (it: string | null) =>
    status === 'all' || (status === 'active' ? !isSettled(it) : it === status);
  const others = counts.byStatus.filter((it) => !isShown(it.status));
  return [
    ...others.map((it) => ({
      name: it.status === null ? 'without a status' : `in ${it.status}`,
      count: it.count,
      choice: { status: it.status ?? 'all', deleted: false },
    })),
    { name: 'deleted', count: counts.deleted, choice: { status, deleted: true } },
  ].filter(isAny);
}

function isAny({ count }: Elsewhere): boolean {
  return count > 0;
}
