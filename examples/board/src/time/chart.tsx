/** Todos by status over time, stacked; a line marks the moment that is shown. */
import {
  Area,
  AreaChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { count } from '../ui/format.ts';
import { type Point, type Status, statuses } from './series.ts';
import type { Series } from './use-series.ts';

interface Props {
  readonly series: Series;
  /** What a place on the axis is called: "412", "23 Nov 2026, 11:32". */
  readonly nameOf: (x: number) => string;
  /** Where the moment stands that is shown; null is now. */
  readonly marker: number | null;
}

export default function Chart({ series, nameOf, marker }: Props) {
  const { points, from, to } = series;
  const shown = statuses.filter((status) => points.some((point) => point[status] > 0));
  return (
    <ResponsiveContainer width="100%" height="100%">
      <AreaChart
        data={points as Point[]}
        margin={{ top: 4, right: 0, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <XAxis dataKey="x" type="number" domain={[from, to]} hide allowDataOverflow />
        <YAxis hide domain={[0, 'dataMax']} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--faint)' }}
          content={(props) => <Legend {...props} shown={shown} nameOf={nameOf} />}
        />
        {shown.map((status) => (
          <Area
            key={status}
            dataKey={status}
            stackId="todos"
            type="linear"
            stroke="none"
            fill={`var(--${status})`}
            fillOpacity={0.85}
            isAnimationActive={false}
            activeDot={false}
          />
        ))}
        {marker !== null && (
          <ReferenceLine x={marker} stroke="var(--accent)" strokeWidth={2} className="marker" />
        )}
      </AreaChart>
    </ResponsiveContainer>
  );
}

interface LegendProps extends TooltipContentProps {
  readonly shown: readonly Status[];
  readonly nameOf: (x: number) => string;
}

function Legend({ active, payload, shown, nameOf }: LegendProps) {
  const point = payload[0]?.payload as Point | undefined;
  if (!active || !point) return null;
  return (
    <div className="chart-legend">
      <strong>{nameOf(point.x)}</strong>
      {shown.toReversed().map((status) => (
        <span key={status}>
          <i className="dot" data-status={status} /> {status} <b>{count(point[status])}</b>
        </span>
      ))}
    </div>
  );
}
