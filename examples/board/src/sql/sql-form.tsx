/** The box for SQL, with the names of tables to insert. */
import { type KeyboardEvent, useRef } from 'react';
import { flushSync } from 'react-dom';
import type { QueriedTable } from '../graphql/tables.ts';
import { Icon } from '../ui/icons.tsx';
import { kinds } from './table-names.ts';

interface Props {
  readonly sql: string;
  readonly onChange: (sql: string) => void;
  /** What is asked when nothing is written. */
  readonly example: string;
  readonly tables: readonly QueriedTable[];
  readonly isAsking: boolean;
  readonly onRun: () => void;
  readonly onStop: () => void;
}

export function SqlForm({ sql, onChange, example, tables, isAsking, onRun, onStop }: Props) {
  const text = useRef<HTMLTextAreaElement>(null);
  const insert = (name: string) => {
    const { current } = text;
    if (!current) return;
    const { selectionStart: start, selectionEnd: end } = current;
    // At once: what is typed next is to come after the name.
    flushSync(() => onChange(sql.slice(0, start) + name + sql.slice(end)));
    current.focus();
    current.setSelectionRange(start + name.length, start + name.length);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onRun();
  };
  return (
    <div className="sql-form">
      <label className="unseen" htmlFor="sql">
        One SELECT
      </label>
      <textarea
        id="sql"
        ref={text}
        rows={Math.min(14, Math.max(4, sql.split('\n').length))}
        spellCheck={false}
        autoCapitalize="off"
        placeholder={example}
        aria-describedby="sql-hint"
        value={sql}
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={onKeyDown}
      />
      <TableNames tables={tables} onInsert={insert} />
      <div className="sql-actions">
        {isAsking ? (
          <button type="button" className="button" data-focus="home" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            className="button primary"
            data-focus="home"
            aria-keyshortcuts="Control+Enter Meta+Enter"
            onClick={onRun}
          >
            <Icon name="play" /> {sql.trim() === '' ? 'Run the example' : 'Run'}
          </button>
        )}
        <p id="sql-hint" className="hint">
          One SELECT of DuckDB over what is named here. Ctrl Enter runs it.
        </p>
      </div>
    </div>
  );
}

interface NamesProps {
  readonly tables: readonly QueriedTable[];
  readonly onInsert: (name: string) => void;
}

function TableNames({ tables, onInsert }: NamesProps) {
  return (
    <fieldset className="table-names">
      <legend>Tables at hand</legend>
      {tables.map(({ name }, index) => (
        <button
          key={name}
          type="button"
          className="label"
          data-kind={index < kinds.length ? 'records' : undefined}
          aria-label={`Insert ${name}`}
          onClick={() => onInsert(name)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
