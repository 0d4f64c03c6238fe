/** Writes stories into a store. What is there already stays as it is. */
import assert from 'node:assert/strict';
import { AlreadyExists, LakeFile, type LogTransaction, type Store, Todo } from '../index.ts';
import type { Change, Step } from './change.ts';
import type { DataFile } from './data-file.ts';
import { todoId } from './plan.ts';
import { publishRevisionLast, type Story } from './story.ts';

/** Files whose stories are written side by side, so that their transactions share commits. */
const filesAtATime = 8;

/** What was written; of records, how many were created. */
export interface Filled {
  files: number;
  todos: number;
  versions: number;
  transactions: number;
  /** Of all contents that were put into the lake. */
  bytes: number;
  /** Files that were left out, each with the reason. */
  readonly refused: { readonly file: DataFile; readonly message: string }[];
}

/** Those of the files whose stories the store does not hold to their ends. */
export async function unfinished(store: Store, files: readonly DataFile[]): Promise<DataFile[]> {
  const at = await store.head();
  const keys = files.map((file) => ({ id: todoId(file, 'publish'), at }));
  const ends = await store.records(Todo, keys);
  return files.filter((_, index) => (ends[index]?.revision ?? 0) < publishRevisionLast);
}

/** Writes what the store lacks of the stories; calls back after each step. */
export async function fillStore(
  store: Store,
  stories: readonly Story[],
  onStep: (story: Story) => void = () => {},
): Promise<Filled> {
  const filled: Filled = {
    files: 0,
    todos: 0,
    versions: 0,
    transactions: 0,
    bytes: 0,
    refused: [],
  };
  for (let begin = 0; begin < stories.length; begin += filesAtATime) {
    await writeSideBySide(store, stories.slice(begin, begin + filesAtATime), filled, onStep);
  }
  return filled;
}

/** One step of each story, then the next: the order of the log does not depend on timing. */
async function writeSideBySide(
  store: Store,
  stories: readonly Story[],
  filled: Filled,
  onStep: (story: Story) => void,
): Promise<void> {
  let going = stories.map((story) => ({ story, steps: [...story.steps] }));
  while (going.length > 0) {
    const written = await Promise.all(
      going.map(({ story, steps }) => writeStep(store, story, steps.shift(), filled)),
    );
    for (const { story } of going) onStep(story);
    going = going.filter(({ steps }, index) => written[index] && steps.length > 0);
  }
}

/** @returns whether the story can go on. */
async function writeStep(
  store: Store,
  { file }: Story,
  step: Step | undefined,
  filled: Filled,
): Promise<boolean> {
  if (!step) return false;
  const contents = step.changes.map((change) =>
    'contents' in change ? change.contents?.() : undefined,
  );
  const { actor, reason, changes } = step;
  try {
    const { value, transaction } = await store.transact(
      async (log) => {
        const applied: boolean[] = [];
        for (const [index, change] of changes.entries()) {
          applied.push(await apply(log, change, contents[index]));
        }
        return applied;
      },
      { actor, reason },
    );
    if (transaction) filled.transactions += 1;
    for (const [index, change] of changes.entries()) {
      if (value[index]) tally(filled, change, contents[index]);
    }
    return true;
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
    filled.refused.push({ file, message: error.message });
    return false;
  }
}

/**
 * Makes a change unless the record has it: a record counts its revisions, so the number tells.
 * Whoever changed or deleted a record since keeps what they did.
 * @returns whether it was made.
 */
async function apply(
  log: LogTransaction,
  change: Change,
  contents: Uint8Array | undefined,
): Promise<boolean> {
  const before = await log.get(change.record === 'todo' ? Todo : LakeFile, change.id);
  if ((before?.revision ?? 0) !== change.revision - 1 || before?.operation === 'DELETE') {
    return false;
  }
  const { id } = change;
  if (change.operation === 'delete') {
    await log.delete(LakeFile, id);
  } else if (change.record === 'todo' && change.operation === 'create') {
    await log.create(Todo, { ...change.values, id });
  } else if (change.record === 'todo') {
    assertChanged(id, await log.update(Todo, id, change.values));
  } else {
    const stored = contents && (await log.putContents(contents));
    if (change.operation === 'create') {
      assert(stored, `The file ${id} is created without contents.`);
      await log.create(LakeFile, { ...change.values, ...stored, id });
    } else {
      assertChanged(id, await log.update(LakeFile, id, { ...change.values, ...stored }));
    }
  }
  return true;
}

/** A planned change that changes nothing would put the count of revisions out. */
function assertChanged(id: string, { changed }: { readonly changed: boolean }): void {
  assert(changed, `The story of ${id} has a step that changes nothing.`);
}

function tally(filled: Filled, change: Change, contents: Uint8Array | undefined): void {
  filled.versions += 1;
  filled.bytes += contents?.length ?? 0;
  if (change.operation !== 'create') return;
  if (change.record === 'todo') filled.todos += 1;
  else filled.files += 1;
}
