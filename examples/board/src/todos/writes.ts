/** Writing todos. Each write says why, and is made for the revision that its maker saw. */
import { present } from '../client.ts';
import {
  type FieldChange,
  type Todo,
  type TodoField,
  type TodoPatch,
  type TodoVersion,
  todoQuery,
} from '../graphql/todos.ts';
import {
  createMutation,
  deleteMutation,
  type InputIssue,
  restoreMutation,
  updateMutation,
} from '../graphql/writes.ts';
import { isSame } from '../same.ts';
import { type Answer, send } from './send.ts';

/** Someone else was faster: what they made of it, and what was to be written. */
export interface Conflict {
  readonly mine: TodoPatch;
  /** The fields of `mine` that they changed to something else. */
  readonly fields: readonly TodoField[];
  readonly theirs: Todo;
  /** Their changes, newest first. */
  readonly versions: readonly TodoVersion[];
}

/** What became of a write. */
export type Outcome =
  | { readonly kind: 'written'; readonly todo: Todo; readonly rebased: number }
  | { readonly kind: 'conflict'; readonly conflict: Conflict }
  | { readonly kind: 'invalid'; readonly issues: readonly InputIssue[] }
  | { readonly kind: 'gone'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  /** The answer was lost: it may have been written. The same again is written once at most. */
  | { readonly kind: 'unknown' };

/** How many changes are looked at to tell who was faster. */
const versionsLooked = 20;

/**
 * @param id the draft's own: should it have been saved before its answer was lost and have been
 *   changed since, it is the same todo that gets the changes.
 */
export async function createTodo(id: string, patch: TodoPatch): Promise<Outcome> {
  const options = { reason: 'Added on the board' };
  const answer = await send(createMutation, { input: { id, ...patch }, options });
  const isThere = answer.kind === 'answered' && answer.result.__typename === 'AlreadyExists';
  return isThere ? await updateTodo(id, 1, patch) : outcomeOf(answer);
}

/**
 * Applies a patch on top of what others did to other fields; where they did something to the same
 * field, it is a conflict.
 */
export function updateTodo(id: string, revision: number, patch: TodoPatch): Promise<Outcome> {
  return inTurn(id, revision, async (expectedRevision) => {
    const input = { id, expectedRevision, ...patch };
    const options = { reason: reasonFor(patch), onConflict: 'REBASE' as const };
    const answer = await send(updateMutation, { input, options });
    return isConflict(answer) ? await conflictOf(id, expectedRevision, patch) : outcomeOf(answer);
  });
}

export function deleteTodo(id: string, revision: number): Promise<Outcome> {
  return inTurn(id, revision, async (expectedRevision) => {
    const options = { reason: 'Deleted on the board' };
    const answer = await send(deleteMutation, { id, expectedRevision, options });
    return isConflict(answer) ? await conflictOf(id, expectedRevision, {}) : outcomeOf(answer);
  });
}

/** @param seen the todo's revision when it was decided to bring an earlier one back. */
export async function restoreTodo(id: string, revision: number, seen: number): Promise<Outcome> {
  const options = { reason: `Revision ${revision} brought back on the board` };
  return outcomeOf(await send(restoreMutation, { id, revision, options }, seen));
}

function reasonFor({ status, ...others }: TodoPatch): string {
  const alone = status && Object.keys(others).length === 0;
  return alone ? `Marked as ${status} on the board` : 'Edited on the board';
}

type Result =
  | { readonly __typename: string; readonly todo: Todo; readonly rebasedOver?: readonly unknown[] }
  | {
      readonly __typename: string;
      readonly message: string;
      readonly issues?: readonly InputIssue[];
    };

function isConflict(answer: Answer<Result>): boolean {
  return answer.kind === 'answered' && answer.result.__typename === 'RevisionConflict';
}

function outcomeOf(answer: Answer<Result>): Outcome {
  if (answer.kind === 'unknown') return answer;
  if (answer.kind === 'refused') {
    return { kind: 'failed', message: `Nothing was saved. ${answer.message}` };
  }
  const { result } = answer;
  if ('todo' in result) {
    return { kind: 'written', todo: result.todo, rebased: result.rebasedOver?.length ?? 0 };
  }
  if (result.issues) return { kind: 'invalid', issues: result.issues };
  const kind = result.__typename === 'NotFound' ? 'gone' : 'failed';
  return { kind, message: result.message };
}

async function conflictOf(id: string, expected: number, mine: TodoPatch): Promise<Outcome> {
  const variables = { id, first: versionsLooked, asOf: null };
  const policy = { requestPolicy: 'network-only' } as const;
  const { data } = await present.query(todoQuery, variables, policy).toPromise();
  if (!data?.todo) return { kind: 'failed', message: conflictUnread };
  const theirs = data.todo;
  const versions = theirs.history.edges
    .map(({ node }) => node)
    .filter(({ revision }) => revision > expected);
  const changed = new Set(versions.flatMap(({ changes }) => changes.map(nameOf)));
  const fields = (Object.keys(mine) as TodoField[]).filter(
    (field) => changed.has(field) && !isSame(theirs[field], mine[field]),
  );
  return { kind: 'conflict', conflict: { mine, fields, theirs, versions } };
}

const conflictUnread =
  'Someone else was faster, and what they changed cannot be read now. Nothing was saved.';

function nameOf({ field }: FieldChange): string {
  return field;
}

const turns = new Map<string, Promise<unknown>>();
const ownSteps = new Map<string, { readonly from: number; readonly to: number }>();

/**
 * Writes of one todo go one after the other. One that was made while another was under way was
 * made for that other's outcome: nobody is in conflict with themselves.
 */
async function inTurn(
  id: string,
  revision: number,
  write: (expectedRevision: number) => Promise<Outcome>,
): Promise<Outcome> {
  const before = turns.get(id);
  const turn = (async () => {
    await before;
    const step = ownSteps.get(id);
    const expected = step?.from === revision ? step.to : revision;
    const outcome = await write(expected);
    if (outcome.kind === 'written' && outcome.rebased === 0) {
      ownSteps.set(id, { from: revision, to: outcome.todo.revision });
    }
    return outcome;
  })();
  turns.set(id, turn);
  return await turn;
}
