/** The answer to a query: its rows, and a chart of them where they make one. */
import { lazy, Suspense, useMemo } from 'react';
import { TableView } from '../files/table-view.tsx';
import type { Table } from '../graphql/tables.ts';
import { Boundary } from '../ui/boundary.tsx';
import { count, counted } from '../ui/format.ts';
import { type Bars as BarsCourse, courseOf, type Line } from './course.ts';

/** The chart library is loaded by whoever has a course to draw. */
const CourseChart = lazy(() => import('./course-chart.tsx'));

type Course = BarsCourse | Line;

interface Props {
  readonly table: Table;
  /** Whether another answer is on its way. */
  readonly isOld: boolean;
  /** Asks for more rows; null where there are none. */
  readonly onMore: (() => void) | null;
}

export function Answer({ table, isOld, onMore }: Props) {
  const { columns, rows, totalRows } = table;
  const course = useMemo(() => courseOf(table), [table]);
  return (
    <div className="answer" aria-busy={isOld}>
      {course?.kind === 'bars' && <Bars {...course} />}
      {course?.kind === 'line' && (
        <figure className="course" role="img" aria-label={titleOf(course)}>
          <figcaption>{titleOf(course)}</figcaption>
          <Boundary instead={<p className="waiting">The chart could not be drawn.</p>}>
            <Suspense>
              <CourseChart {...course} />
            </Suspense>
          </Boundary>
        </figure>
      )}
      <TableView name="Rows of the answer" columns={columns} rows={rows} />
      <div className="pages">
        <p className="preview-note" role="status">
          {rows.length < totalRows
            ? `The first ${count(rows.length)} of ${counted(totalRows, 'row')}`
            : counted(totalRows, 'row')}
        </p>
        {onMore && (
          <button type="button" className="button" onClick={onMore}>
            Show more rows
          </button>
        )}
      </div>
    </div>
  );
}

function titleOf({ name, value }: Course): string {
  return `${value} by ${name}`;
}

/** One for each word; the table below has the same for whoever does not see them. */
function Bars(bars: BarsCourse) {
  const { points, hidden } = bars;
  const least = Math.min(0, ...points.map(({ y }) => y));
  const most = Math.max(0, ...points.map(({ y }) => y));
  const share = (y: number) => `${(100 * y) / (most - least || 1)}%`;
  return (
    <figure className="bars" role="img" aria-label={titleOf(bars)}>
      <figcaption>{titleOf(bars)}</figcaption>
      {points.map(({ x, y }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars may share a name, and stay
        <div key={index}>
          <span className="bar-name">{x}</span>
          <span className="bar-room">
            <i style={{ left: share(Math.min(y, 0) - least), width: share(Math.abs(y)) }} />
          </span>
          <b>{y.toLocaleString('en', { maximumFractionDigits: 2 })}</b>
        </div>
      ))}
      {hidden > 0 && <p>and {counted(hidden, 'row')} more</p>}
    </figure>
  );
}
