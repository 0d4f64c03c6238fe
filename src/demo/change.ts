/** Planned changes as plain data: which record, to which revision, what becomes of it. */
import type { CreateValues, LakeFile, PatchValues, Todo } from '../index.ts';

/** A task of a file: there is a todo for each. */
export type Task = 'check' | 'clean' | 'publish';

export type NewTodo = CreateValues<typeof Todo>;
export type TodoPatch = PatchValues<typeof Todo>;
/** Size and SHA-256 follow from the contents. */
export type NewFile = Omit<CreateValues<typeof LakeFile>, 'size' | 'sha256'>;
export type FilePatch = Omit<PatchValues<typeof LakeFile>, 'size' | 'sha256'>;

/** Reads or cuts out the bytes when they are needed: all files at once are many megabytes. */
export type Contents = () => Uint8Array;

type TodoChange =
  | { readonly operation: 'create'; readonly values: NewTodo }
  | { readonly operation: 'update'; readonly values: TodoPatch };
type FileChange =
  | { readonly operation: 'create'; readonly values: NewFile; readonly contents: Contents }
  | { readonly operation: 'update'; readonly values: FilePatch; readonly contents?: Contents }
  | { readonly operation: 'delete' };

/** A record's change, and the revision that the record has after it. */
export type Change = { readonly id: string; readonly revision: number } & (
  | ({ readonly record: 'todo' } & TodoChange)
  | ({ readonly record: 'file' } & FileChange)
);

/** Changes that are one transaction. */
export interface Step {
  readonly actor: string;
  readonly reason: string;
  readonly changes: readonly Change[];
}
