/** What the list shows: chosen by status, labels and words. */
import type { Todo, TodoFilter } from '../graphql/todos.ts';

/** `active` is everything that is neither done nor dropped; `all` is everything. */
export interface Choice {
  readonly status: string;
  /** The deleted ones instead, whatever their status was. */
  readonly deleted: boolean;
  readonly labels: readonly string[];
  readonly search: string;
}

export const firstChoice: Choice = { status: 'active', deleted: false, labels: [], search: '' };

const settled: readonly string[] = ['done', 'dropped'];

/** Whether work on a todo of this status is over. */
export function isSettled(status: string | null): boolean {
  return settled.includes(status ?? '');
}

/** Whether only some of the todos are meant, wherever they are. */
export function isSearch({ labels, search }: Choice): boolean {
  return labels.length > 0 || search.trim() !== '';
}

/** The filter that the server is asked with; `deleted` is not a part of it. */
export function filterOf({ status, labels, search }: Choice): TodoFilter {
  return {
    ...(status === 'active' && { not: { status: { in: settled } } }),
    ...(status !== 'active' && status !== 'all' && { status: { eq: status } }),
    ...(labels.length > 0 && { labels: { hasAll: labels } }),
    ...(search.trim() !== '' && { search: search.trim() }),
  };
}

/** Whether a todo belongs to a list, told before the server tells it. */
export function matches(todo: Todo, filter: TodoFilter): boolean {
  if (filter.not && matches(todo, filter.not)) return false;
  const { status, labels, search } = filter;
  if (status && 'eq' in status && todo.status !== status.eq) return false;
  if (status && 'in' in status && !status.in.includes(todo.status ?? '')) return false;
  if (labels && !labels.hasAll.every((label) => todo.labels.includes(label))) return false;
  const text = [todo.subject, todo.body, todo.description, ...todo.labels].join('\n').toLowerCase();
  const words = (search ?? '').toLowerCase().split(/\s+/);
  return words.every((word) => text.includes(word));
}
