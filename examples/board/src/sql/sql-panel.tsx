/** SQL over the tables of the lake and over its records, at the moment that the board shows. */
import { type KeyboardEvent, useRef } from 'react';
import { useAsked } from '../files/use-asked.ts';
import { lakeQuery } from '../graphql/tables.ts';
import { PlaceLink } from '../router.tsx';
import { useMoment } from '../time/moment.tsx';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { Answer } from './answer.tsx';
import { kinds } from './table-names.ts';
import type { SqlDraft } from './use-sql-draft.ts';
import './sql.css';

/** It answers on any lake: it is asked when nothing else was written. */
const example = `select split_part(filename, '.', -1) as kind, count(*) as number, sum(size) as bytes
from files
group by all
order by number desc`;

const firstRows = 100;
/** The most that the server answers. */
const rowsMost = 1_000;

export function SqlPanel({ draft }: { readonly draft: SqlDraft }) {
  const { sql, setSql, tables, question, ask, giveUp } = draft;
  const { asOf, wanted } = useMoment();
  const text = useRef<HTMLTextAreaElement>(null);
  const { number, ...asked } = question ?? { number: 0 };
  const variables = question && { ...(asked as Omit<typeof question, 'number'>), asOf };
  const { data, isAsking, problem } = useAsked(lakeQuery, variables, number);
  const table = question && data?.lakeQuery;
  const run = (first = firstRows) => ask(sql.trim() === '' ? example : sql, first);
  const insert = (name: string) => {
    const { selectionStart: start, selectionEnd: end } = text.current ?? {
      selectionStart: sql.length,
      selectionEnd: sql.length,
    };
    setSql(sql.slice(0, start) + name + sql.slice(end));
    requestAnimationFrame(() => {
      text.current?.focus();
      text.current?.setSelectionRange(start + name.length, start + name.length);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
  };
  return (
    <section className="detail sql" aria-labelledby="sql-title">
      <header className="detail-head">
        <PlaceLink to={{ page: 'files', id: null }} className="back-link">
          <Icon name="back" /> All files
        </PlaceLink>
        <h2 id="sql-title">Ask by SQL</h2>
        {wanted !== null && <span className="badge">as of change {wanted}</span>}
      </header>
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
          onChange={({ target }) => setSql(target.value)}
          onKeyDown={onKeyDown}
        />
        <fieldset className="table-names">
          <legend>Tables at hand</legend>
          {tables.map(({ name }, index) => (
            <button
              key={name}
              type="button"
              className="label"
              data-kind={index < kinds.length ? 'records' : undefined}
              aria-label={`Insert ${name}`}
              onClick={() => insert(name)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <div className="sql-actions">
          {isAsking ? (
            <button type="button" className="button" data-focus="home" onClick={giveUp}>
              Stop
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              data-focus="home"
              aria-keyshortcuts="Control+Enter Meta+Enter"
              onClick={() => run()}
            >
              <Icon name="play" /> {sql.trim() === '' ? 'Run the example' : 'Run'}
            </button>
          )}
          <p id="sql-hint" className="hint">
            One SELECT of DuckDB over what is named here. Ctrl Enter runs it.
          </p>
        </div>
      </div>
      {problem && (
        <div className="sql-problem">
          <Notice kind="problem">{problem}</Notice>
        </div>
      )}
      {isAsking && !table && <div className="waiting">Asking…</div>}
      {table && (
        <Answer
          table={table}
          isOld={isAsking}
          onMore={
            table.rows.length < Math.min(table.totalRows, rowsMost)
              ? () => ask(question.sql, rowsMost)
              : null
          }
        />
      )}
    </section>
  );
}
