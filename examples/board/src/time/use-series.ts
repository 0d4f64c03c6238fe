/** Asks for the chart's points. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { gql, useQuery } from 'urql';
import { overTimeQuery, type StatusCount, totalsQuery } from '../graphql/todos.ts';
import { useAfterChanges } from '../live.ts';
import { clock } from '../ui/clock.ts';
import { useMoment } from './moment.tsx';
import type { Axis, Scale } from './scale.ts';
import { type Point, pointOf, pointsOverTime, positionsTo, stepsOf, unitOf } from './series.ts';
import { ofTodos } from './use-board-query.ts';
import { useKept } from './use-kept.ts';

export interface Series extends Scale {
  readonly points: readonly Point[];
}

/** Fewer steps of the clock tell less than the changes do. */
const stepsMin = 8;

/** @param chosen null takes the axis that tells more; nothing is drawn until that is known. */
export function useSeries(chosen: Axis | null): Series | null {
  const { head } = useMoment();
  const overTime = useOverTime();
  const isCourse = overTime !== null && stepsOf(overTime.points) >= stepsMin;
  const axis = chosen ?? (overTime && (isCourse ? 'time' : 'changes'));
  const overChanges = useOverChanges(head, axis !== 'changes');
  return axis === 'changes' ? overChanges : overTime;
}

function useOverTime(): Series | null {
  const { began } = useMoment();
  // A new minute is a new question; nothing else about the time of asking is.
  const minute = useSyncExternalStore(clock.onTick, () => Math.ceil(clock.now() / 60_000) * 60_000);
  const [from, to] = [Date.parse(began ?? ''), began === null ? 0 : minute];
  const variables = useMemo(
    () => ({
      from: began ?? '',
      to: new Date(to).toISOString(),
      every: unitOf(from, to) ?? ('MINUTE' as const),
    }),
    [began, from, to],
  );
  const [answer, ask] = useQuery({ query: overTimeQuery, variables, pause: began === null });
  const data = useKept(answer.data);
  const askAgain = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useAfterChanges(askAgain, ofTodos);
  return (
    useMemo(
      () =>
        data && { axis: 'time', points: pointsOverTime(data.todosOverTime, from, to), from, to },
      [data, from, to],
    ) ?? null
  );
}

function useOverChanges(head: number, pause: boolean): Series | null {
  // What was counted once stays so: most changes bring a new end, and no new question.
  const positions = positionsTo(head).join();
  const query = useMemo(() => countsAt(positions.split(',')), [positions]);
  const [counts, askCounts] = useQuery({ query, pause, requestPolicy: 'cache-first' });
  const [totals, ask] = useQuery({ query: totalsQuery, variables: present, pause });
  const [data, now] = [useKept(counts.data), useKept(totals.data)];
  const hasFailed = counts.error !== undefined;
  const askAgain = useCallback(() => {
    if (pause) return;
    ask({ requestPolicy: 'network-only' });
    if (hasFailed) askCounts();
  }, [ask, askCounts, hasFailed, pause]);
  useAfterChanges(askAgain, ofTodos);
  return useMemo(() => {
    if (!data || !now) return null;
    const counted = Object.entries(data)
      .filter(([name]) => name.startsWith('p'))
      .map(([name, groups]) => pointOf(Number(name.slice(1)), groups));
    const points = [...counted.filter(({ x }) => x < head), pointOf(head, now.totals)];
    return { axis: 'changes', points, from: 0, to: head };
  }, [data, now, head]);
}

const present = { asOf: null };

/** One field per position: all are answered together. */
function countsAt(positions: readonly string[]) {
  const fields = positions.map(
    (it) => `p${it}: todoGroups(by: [STATUS], asOf: { position: "${it}" }) { status count }`,
  );
  return gql<Readonly<Record<string, readonly StatusCount[]>>, Record<string, never>>(
    `query CountsAtPositions { ${fields.join('\n')} }`,
  );
}
