/** Someone else was faster: their values and one's own, side by side, to choose between. */
import { useEffect, useRef } from 'react';
import { Ago } from '../ui/ago.tsx';
import { fieldName } from './fields.ts';
import type { TodoWrites } from './use-todo.ts';
import type { Conflict } from './writes.ts';
import './conflict.css';

interface Props {
  readonly conflict: Conflict;
  readonly writes: TodoWrites;
  /** When it is settled either way. */
  readonly onSettled?: (kept: 'mine' | 'theirs') => void;
}

export function ConflictPanel({ conflict, writes, onSettled }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const { fields, mine, theirs, versions } = conflict;
  const [last] = versions;
  const isDeletion = Object.keys(mine).length === 0;
  const keepTheirs = () => {
    writes.keepTheirs();
    onSettled?.('theirs');
  };
  const putMineOnTop = async () => {
    if (await writes.putMineOnTop()) onSettled?.('mine');
  };
  return (
    <div className="conflict" role="alert" tabIndex={-1} ref={panel}>
      <h3>Someone else was faster</h3>
      <p>
        {last?.transaction.actor ?? 'Someone'} changed this
        {last && (
          <>
            {' '}
            <Ago time={last.committedAt} />
          </>
        )}
        {last?.transaction.reason && `: “${last.transaction.reason}”`}.
        {isDeletion && ' It was not deleted.'}
      </p>
      {!isDeletion && (
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">Theirs</th>
              <th scope="col">Yours</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{fieldName(field)}</th>
                <td>{shown(theirs[field])}</td>
                <td>{shown(mine[field])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="conflict-buttons">
        <button type="button" className="button" onClick={keepTheirs}>
          Keep theirs
        </button>
        <button type="button" className="button primary" onClick={putMineOnTop}>
          {isDeletion ? 'Delete it all the same' : 'Put mine on top'}
        </button>
      </div>
    </div>
  );
}

function shown(value: unknown) {
  if (value === null || value === undefined || value === '') return <em>nothing</em>;
  if (Array.isArray(value)) return value.length === 0 ? <em>none</em> : value.join(', ');
  return String(value);
}
