/** The fields of a todo, to be read and changed in place. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import type { Todo, TodoField } from '../graphql/todos.ts';
import { ConflictPanel } from './conflict.tsx';
import { LabelsInput } from './labels-input.tsx';
import { PriorityInput, problemOfPriority } from './priority-input.tsx';
import { StatusBadge, StatusSelect } from './status.tsx';
import { type Draft, useDraft } from './use-draft.ts';
import type { TodoWrites } from './use-todo.ts';
import './todo-form.css';

interface Props {
  readonly todo: Todo;
  readonly writes: TodoWrites;
  readonly readOnly: boolean;
  readonly knownLabels: readonly string[];
}

export function TodoForm({ todo, writes, readOnly, knownLabels }: Props) {
  const draft = useDraft(todo, writes.settle);
  const { set } = draft;
  // A draft is of now: the past is shown as it was.
  const value: Draft['value'] = readOnly ? (field) => todo[field] : draft.value;
  const form = useRef<HTMLFormElement>(null);
  const priorityProblem = readOnly ? null : problemOfPriority(draft.patch.priority);
  const save = async (event?: FormEvent) => {
    event?.preventDefault();
    if (priorityProblem)
      return form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    if (draft.isDirty && (await writes.save(draft.patch, draft.revision))) draft.drop();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
    // What is being written is not closed by accident.
    if (event.key === 'Escape' && draft.isDirty && !readOnly) event.stopPropagation();
  };
  const onSettled = (kept: 'mine' | 'theirs') => {
    // What they did not touch is still to be saved.
    draft.drop(kept === 'mine' ? undefined : writes.conflict?.fields);
  };
  const hint = (field: TodoField) => {
    if (field === 'priority' && priorityProblem) {
      return <Hint kind="problem">{priorityProblem}</Hint>;
    }
    const issue = writes.issues.find(({ path }) => path[0] === field);
    if (issue) return <Hint kind="problem">{issue.message}</Hint>;
    if (readOnly || !draft.isOvertaken(field) || writes.conflict) return null;
    const theirs = todo[field];
    const text = Array.isArray(theirs) ? theirs.join(', ') : (theirs ?? 'nothing');
    return <Hint>Changed meanwhile to “{text}”. Saving will ask.</Hint>;
  };
  return (
    <form
      ref={form}
      className="todo-form"
      aria-label="Fields"
      noValidate
      tabIndex={-1}
      data-focus="home"
      onSubmit={save}
      onKeyDown={onKeyDown}
    >
      <Field label="Subject" hint={hint('subject')}>
        {(props) => (
          <textarea
            {...props}
            rows={1}
            className="subject-input"
            value={value('subject') ?? ''}
            readOnly={readOnly}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              save();
            }}
            onChange={({ target }) => set('subject', target.value.replaceAll('\n', ' ') || null)}
          />
        )}
      </Field>
      <div className="field-row">
        <div className="field">
          <span className="field-label" aria-hidden="true">
            Status
          </span>
          {readOnly ? (
            <StatusBadge status={todo.status} />
          ) : (
            <StatusSelect
              status={value('status')}
              label="Status"
              onChoose={(status) => set('status', status)}
            />
          )}
          {hint('status')}
        </div>
        <Field label="Priority" hint={hint('priority')}>
          {(props) => (
            <PriorityInput
              {...props}
              value={value('priority')}
              readOnly={readOnly}
              onChange={(priority) => set('priority', priority)}
            />
          )}
        </Field>
        <div className="field">
          <span className="field-label">Owner</span>
          <span className="plain">{todo.userId ?? 'nobody'}</span>
        </div>
      </div>
      <div className="field">
        <span className="field-label" aria-hidden="true">
          Labels
        </span>
        <LabelsInput
          labels={value('labels')}
          known={knownLabels}
          readOnly={readOnly}
          onChange={(labels) => set('labels', labels)}
        />
        {hint('labels')}
      </div>
      <Field label="Text" hint={hint('body')}>
        {(props) => (
          <textarea
            {...props}
            rows={3}
            value={value('body') ?? ''}
            readOnly={readOnly}
            placeholder={readOnly ? 'None' : 'What is to be done, in full'}
            onChange={({ target }) => set('body', target.value || null)}
          />
        )}
      </Field>
      <Field label="Notes" hint={hint('description')}>
        {(props) => (
          <textarea
            {...props}
            rows={1}
            value={value('description') ?? ''}
            readOnly={readOnly}
            placeholder="None"
            onChange={({ target }) => set('description', target.value || null)}
          />
        )}
      </Field>
      {writes.conflict && (
        <ConflictPanel conflict={writes.conflict} writes={writes} onSettled={onSettled} />
      )}
      {draft.isDirty && !writes.conflict && !readOnly && (
        <div className="save-bar">
          <button type="submit" className="button primary">
            Save
          </button>
          <button type="button" className="button" onClick={() => draft.drop()}>
            Discard
          </button>
          <kbd>Ctrl Enter</kbd>
        </div>
      )}
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint: ReactNode;
  readonly children: (props: {
    readonly id: string;
    readonly 'aria-describedby': string | undefined;
  }) => ReactNode;
}

function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': hint ? `${id}-hint` : undefined })}
      <div id={`${id}-hint`}>{hint}</div>
    </div>
  );
}

function Hint({ kind, children }: { readonly kind?: 'problem'; readonly children: ReactNode }) {
  return (
    <p className="hint" data-kind={kind}>
      {children}
    </p>
  );
}
