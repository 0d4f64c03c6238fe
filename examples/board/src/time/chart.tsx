/** Todos by status over time, stacked. */
import {
  Area,
  AreaChart,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { count } from '../ui/format.ts';
import { roundStep, ticksOf, tickText } from './scale.ts';
import { type Point, type Status, statuses } from './series.ts';
import type { Series } from './use-series.ts';

interface Props {
  readonly series: Series;
  /** What a place on the axis is called: "412", "23 Nov 2026, 11:32". */
  readonly nameOf: (x: number) => string;
}

/** The slider below begins and ends where the plot does: see `.slider` in time-bar.css. */
const insetPx = { left: 36, right: 9 };

export const axisLook = {
  axisLine: { stroke: 'var(--line)' },
  tickLine: { stroke: 'var(--line)' },
  tick: { fill: 'var(--muted)', fontSize: 11 },
} as const;

export default function Chart({ series, nameOf }: Props) {
  const { points, from, to } = series;
  const most = Math.max(1, ...points.map(totalOf));
  const step = roundStep(most / 2);
  const shown = statuses.filter((status) => points.some((point) => point[status] > 0));
  return (
    <ResponsiveContainer width="100%" height="100%">
      <AreaChart
        data={points as Point[]}
        margin={{ top: 6, right: insetPx.right, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <XAxis
          dataKey="x"
          type="number"
          domain={[from, to]}
          allowDataOverflow
          height={20}
          ticks={ticksOf(series)}
          tickFormatter={(tick: number) => tickText(series, tick)}
          {...axisLook}
        />
        <YAxis
          width={insetPx.left}
          domain={[0, most]}
          ticks={[0, step, 2 * step].filter((tick) => tick <= most)}
          tickFormatter={count}
          {...axisLook}
        />
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
      </AreaChart>
    </ResponsiveContainer>
  );
}

function totalOf(point: Point): number {
  return statuses.reduce((total, status) => total + point[status], 0);
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
