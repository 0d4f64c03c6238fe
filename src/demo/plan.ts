/** The changes to one file and its todos, in order; counts the revisions of each. */
import type {
  Change,
  Contents,
  FilePatch,
  NewFile,
  NewTodo,
  Step,
  Task,
  TodoPatch,
} from './change.ts';
import type { DataFile } from './data-file.ts';

export const tasks: readonly Task[] = ['check', 'clean', 'publish'];

const people = ['ada', 'grace', 'edsger'] as const;

/** The id of a file's todo: `cars.json-check`. */
export function todoId(file: DataFile, task: Task): string {
  return `${file.below}-${task}`;
}

export class Plan {
  readonly file: DataFile;
  readonly #steps: Step[] = [];
  readonly #revisions = new Map<string, number>();

  constructor(file: DataFile) {
    this.file = file;
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** One transaction, by the one whose task it belongs to. */
  step(task: Task, reason: string, ...changes: Change[]): void {
    this.#steps.push({ actor: this.#doer(task), reason, changes });
  }

  createTodo(task: Task, values: NewTodo): Change {
    return { ...this.#next(todoId(this.file, task)), record: 'todo', operation: 'create', values };
  }

  changeTodo(task: Task, values: TodoPatch): Change {
    return { ...this.#next(todoId(this.file, task)), record: 'todo', operation: 'update', values };
  }

  /** Gives a todo to the one who does such tasks on this file. */
  assignTodo(task: Task, status: string): Change {
    return this.changeTodo(task, { userId: this.#doer(task), status });
  }

  createFile(values: NewFile, contents: Contents): Change {
    return { ...this.#next(this.file.id), record: 'file', operation: 'create', values, contents };
  }

  changeFile(values: FilePatch, contents?: Contents): Change {
    const change = { ...this.#next(this.file.id), record: 'file', operation: 'update' } as const;
    return contents ? { ...change, values, contents } : { ...change, values };
  }

  deleteFile(): Change {
    return { ...this.#next(this.file.id), record: 'file', operation: 'delete' };
  }

  /** No one does two tasks on one file, and everyone has as many of each. */
  #doer(task: Task): string {
    return people[(this.file.place + tasks.indexOf(task)) % people.length] as string;
  }

  #next(id: string): { readonly id: string; readonly revision: number } {
    const revision = (this.#revisions.get(id) ?? 0) + 1;
    this.#revisions.set(id, revision);
    return { id, revision };
  }
}
