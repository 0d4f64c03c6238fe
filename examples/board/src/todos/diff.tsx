/** Changes of fields for people: before and after, labels added and removed, texts line by line. */
import type { FieldChange } from '../graphql/todos.ts';
import { bytes } from '../ui/format.ts';
import { fieldName } from './fields.ts';
import { diffLines } from './line-diff.ts';
import { StatusBadge } from './status.tsx';
import './diff.css';

/** Longer values, and those of several lines, are compared line by line. */
const shortLengthMax = 60;

export function Changes({ changes }: { readonly changes: readonly FieldChange[] }) {
  return (
    <dl className="changes">
      {changes.map((change) => (
        <div key={change.field}>
          <dt>{fieldName(change.field)}</dt>
          <dd>
            <Change {...change} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Change({ field, before, after }: FieldChange) {
  if (field === 'labels') return <Labels before={listOf(before)} after={listOf(after)} />;
  if (field === 'status') {
    return (
      <span className="from-to">
        {before !== null && (
          <>
            <StatusBadge status={textOf(before)} /> <Arrow />
          </>
        )}
        {after === null ? <Cleared /> : <StatusBadge status={textOf(after)} />}
      </span>
    );
  }
  const [old, now] = [textOf(before, field), textOf(after, field)];
  if (isLong(old) || isLong(now)) return <Lines before={old} after={now} />;
  return (
    <span className="from-to">
      {before !== null && (
        <>
          <del>{old}</del> <Arrow />
        </>
      )}
      {after === null ? <Cleared /> : <ins>{now}</ins>}
    </span>
  );
}

function Arrow() {
  return (
    <>
      <span aria-hidden="true" className="arrow">
        →
      </span>
      <span className="unseen"> became </span>
    </>
  );
}

function Cleared() {
  return <em className="cleared">cleared</em>;
}

function Labels({ before, after }: { before: readonly string[]; after: readonly string[] }) {
  const removed = before.filter((label) => !after.includes(label));
  const added = after.filter((label) => !before.includes(label));
  if (removed.length + added.length === 0) return <em className="cleared">in another order</em>;
  return (
    <span className="from-to">
      {removed.map((label) => (
        <del key={label} className="label">
          <span className="unseen">removed </span>
          {label}
        </del>
      ))}
      {added.map((label) => (
        <ins key={label} className="label">
          <span className="unseen">added </span>
          {label}
        </ins>
      ))}
    </span>
  );
}

const marks = { same: ' ', removed: '−', added: '+' } as const;
const said = { same: '', removed: 'removed: ', added: 'added: ' } as const;

function Lines({ before, after }: { readonly before: string; readonly after: string }) {
  const lines = diffLines(before, after);
  return (
    <span className="lines">
      {lines.map(({ kind, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one diff never change
        <span key={index} data-kind={kind}>
          <span aria-hidden="true">{marks[kind]}</span>
          <span className="unseen">{said[kind]}</span>
          <span>{text || ' '}</span>
        </span>
      ))}
    </span>
  );
}

function isLong(text: string): boolean {
  return text.length > shortLengthMax || text.includes('\n');
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textOf(value: unknown, field = ''): string {
  if (value === null || value === undefined) return '';
  if (field === 'size') return bytes(Number(value));
  if (field === 'sha256') return `${String(value).slice(0, 12)}…`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
