/** The chart with its legend above the slider, and the same in words for whoever does not see it. */
import { lazy, Suspense, useState } from 'react';
import { totalsQuery } from '../graphql/todos.ts';
import { Boundary } from '../ui/boundary.tsx';
import { count, moment as momentText } from '../ui/format.ts';
import { AtMoment, useMoment } from './moment.tsx';
import type { Axis, Scale } from './scale.ts';
import { Scrubber } from './scrubber.tsx';
import { type Point, pointOf, type Status, statuses } from './series.ts';
import { ofTodos, useBoardQuery } from './use-board-query.ts';
import { useSeries } from './use-series.ts';

/** The chart library is most of the code: the list does not wait for it. */
const Chart = lazy(() => import('./chart.tsx'));

const axes: readonly { readonly axis: Axis; readonly name: string }[] = [
  { axis: 'changes', name: 'by change' },
  { axis: 'time', name: 'over time' },
];

interface Props {
  /** When the moment that is shown was, in milliseconds since 1970; null while that is not known. */
  readonly time: number | null;
  /** The moment in words. */
  readonly text: string;
  readonly onHold: () => void;
}

export function ChartPanel({ time, text, onHold }: Props) {
  const { wanted, head } = useMoment();
  const [chosen, setChosen] = useState<Axis | null>(null);
  const series = useSeries(chosen);
  const scale: Scale = series ?? { axis: 'changes', from: 0, to: head };
  const byTime = scale.axis === 'time';
  const nameOf = (x: number) =>
    byTime ? momentText(new Date(x).toISOString()) : `after change ${count(x)}`;
  const isNow = wanted === null && time === null;
  return (
    <figure className="chart" aria-labelledby="chart-title">
      <figcaption>
        <span id="chart-title">Todos by status</span>
        <AtMoment>
          <Totals />
        </AtMoment>
        <fieldset className="switch">
          <legend className="unseen">The chart runs</legend>
          {axes.map(({ axis, name }) => (
            <label key={axis}>
              <input
                type="radio"
                name="axis"
                className="cover"
                checked={(chosen ?? series?.axis) === axis}
                onChange={() => setChosen(axis)}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </figcaption>
      <Scrubber
        scale={scale}
        place={isNow ? scale.to : wanted === 0 ? scale.from : byTime ? time : wanted}
        text={text}
        onHold={onHold}
      >
        {series && (
          <Boundary instead={<p className="waiting">The chart could not be drawn.</p>}>
            <Suspense>
              <Chart series={series} nameOf={nameOf} />
            </Suspense>
          </Boundary>
        )}
      </Scrubber>
      {series && <ChartTable points={series.points} nameOf={nameOf} />}
    </figure>
  );
}

/** The numbers at the moment that the board shows. */
function Totals() {
  const { data } = useBoardQuery(totalsQuery, {}, ofTodos);
  const point = pointOf(0, data?.totals ?? []);
  const shown = statuses.filter((status) => always.includes(status) || point[status] > 0);
  return (
    <span className="totals">
      {shown.toReversed().map((status) => (
        <span key={status}>
          <i className="dot" data-status={status} />
          {status} <b>{count(point[status])}</b>
        </span>
      ))}
    </span>
  );
}

const always: readonly Status[] = ['open', 'doing', 'done'];

const rowsOfTable = 12;

/** At most a dozen moments: enough to hear the course. */
function ChartTable({
  points,
  nameOf,
}: {
  points: readonly Point[];
  nameOf: (x: number) => string;
}) {
  const step = Math.max(1, Math.ceil(points.length / rowsOfTable));
  const rows = points.filter((_, index) => (points.length - 1 - index) % step === 0);
  return (
    <div className="unseen">
      <table>
        <caption>Todos by status</caption>
        <thead>
          <tr>
            <th scope="col">Moment</th>
            {statuses.map((status) => (
              <th key={status} scope="col">
                {status}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <tr key={point.x}>
              <th scope="row">{nameOf(point.x)}</th>
              {statuses.map((status) => (
                <td key={status}>{point[status]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
