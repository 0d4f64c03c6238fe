/** One number over time, as a line. */
import { Area, AreaChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { axisLook } from '../time/chart.tsx';
import { ticksOf, tickText } from '../time/scale.ts';
import { moment } from '../ui/format.ts';
import type { Line } from './course.ts';

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });

export default function CourseChart({ points, value }: Line) {
  const [from, to] = [points[0]?.x ?? 0, points.at(-1)?.x ?? 0];
  const scale = { axis: 'time', from, to } as const;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <AreaChart
        data={points as Line['points'][number][]}
        margin={{ top: 6, right: 12, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <XAxis
          dataKey="x"
          type="number"
          domain={[from, to]}
          height={20}
          ticks={ticksOf(scale)}
          tickFormatter={(tick: number) => tickText(scale, tick)}
          {...axisLook}
        />
        <YAxis width={48} tickFormatter={compact.format} domain={['auto', 'auto']} {...axisLook} />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--faint)' }}
          content={({ active, payload }) => {
            const point = payload[0]?.payload as Line['points'][number] | undefined;
            if (!active || !point) return null;
            return (
              <div className="chart-legend">
                <strong>{moment(new Date(point.x).toISOString())}</strong>
                <span>
                  {value} <b>{compact.format(point.y)}</b>
                </span>
              </div>
            );
          }}
        />
        <Area
          dataKey="y"
          type="linear"
          stroke="var(--accent)"
          strokeWidth={1.5}
          fill="var(--accent)"
          fillOpacity={0.12}
          isAnimationActive={false}
        />
      </AreaChart>
    </ResponsiveContainer>
  );
}
