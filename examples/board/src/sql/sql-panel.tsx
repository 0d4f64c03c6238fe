/** SQL over the tables of the lake and over its records, at the moment that the board shows. */
import { useAsked } from '../files/use-asked.ts';
import { lakeQuery } from '../graphql/tables.ts';
import { PlaceLink } from '../router.tsx';
import { useMoment } from '../time/moment.tsx';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { Answer } from './answer.tsx';
import { SqlForm } from './sql-form.tsx';
import type { SqlDraft } from './use-sql-draft.ts';
import './sql.css';

/** It answers on any lake. */
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
  const { data, isAsking, problem } = useAsked(
    lakeQuery,
    question && { sql: question.sql, tables: question.tables, first: question.first, asOf },
    question?.number,
  );
  const table = question && data?.lakeQuery;
  const hasMore = table && table.rows.length < Math.min(table.totalRows, rowsMost);
  return (
    <section className="detail sql" aria-labelledby="sql-title">
      <header className="detail-head">
        <PlaceLink to={{ page: 'files', id: null }} className="back-link">
          <Icon name="back" /> All files
        </PlaceLink>
        <h2 id="sql-title">Ask by SQL</h2>
        {wanted !== null && <span className="badge">as of change {count(wanted)}</span>}
      </header>
      <SqlForm
        sql={sql}
        onChange={setSql}
        example={example}
        tables={tables}
        isAsking={isAsking}
        onRun={() => ask(sql.trim() === '' ? example : sql, firstRows)}
        onStop={giveUp}
      />
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
          onMore={hasMore ? () => ask(question.sql, rowsMost) : null}
        />
      )}
    </section>
  );
}
