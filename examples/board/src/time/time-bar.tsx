/** The time slider: from before the first change to now, with play-back, below the chart. */
import { counted, moment as momentText, sinceThen } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { useMoment } from './moment.tsx';
import { useHappening } from './use-happening.ts';
import { type Speed, speeds, usePlayback } from './use-playback.ts';
import './time-bar.css';

export function TimeBar() {
  const { head, wanted, ended, began, goTo } = useMoment();
  const { playing, toggle, stop, speed, setSpeed } = usePlayback();
  const happening = useHappening(wanted);
  const isPast = wanted !== null;
  const time = wanted === 0 ? null : (happening?.version.committedAt ?? null);
  const step = (by: number) => {
    stop();
    goTo((wanted ?? head) + by);
  };
  return (
    <section className="time" aria-label="Time" data-past={isPast || undefined}>
      <ChartPanel shownAt={time ?? began} />
      <div className="slider">
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={
            isPast ? `change ${wanted} of ${head}${time ? `, ${momentText(time)}` : ''}` : 'now'
          }
          min={0}
          max={head}
          value={wanted ?? head}
          disabled={head === 0}
          style={{ '--done': `${head === 0 ? 100 : ((wanted ?? head) / head) * 100}%` }}
          onChange={({ target }) => {
            stop();
            goTo(Number(target.value));
          }}
        />
      </div>
      <div className="time-controls">
        <div className="buttons">
          <button
            type="button"
            className="icon-button"
            aria-label="One change back"
            disabled={head === 0}
            onClick={() => step(-1)}
          >
            <Icon name="back" />
          </button>
          <button
            type="button"
            className="icon-button play"
            aria-label={playing ? 'Pause' : 'Play back'}
            disabled={head === 0}
            onClick={toggle}
          >
            <Icon name={playing ? 'pause' : 'play'} />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="One change forward"
            disabled={!isPast}
            onClick={() => step(1)}
          >
            <Icon name="forward" />
          </button>
          <label className="speed">
            <span className="unseen">Speed</span>
            <select
              value={speed}
              onChange={({ target }) => setSpeed(Number(target.value) as Speed)}
            >
              {speeds.map((it) => (
                <option key={it} value={it}>
                  {it}×
                </option>
              ))}
            </select>
          </label>
        </div>
        <p className="standing">
          {isPast ? (
            <>
              <strong>
                As of {time ? <time dateTime={time}>{momentText(time)}</time> : 'before it began'}
              </strong>{' '}
              <span className="read-only">read-only</span>{' '}
              <span className="what">
                change {wanted} of {head}
                {happening && wanted !== 0 && <What {...happening.version.transaction} />}
              </span>
            </>
          ) : (
            <>
              <strong>Now</strong>{' '}
              <span className="what">
                {ended ? `${counted(head, 'change')}, the last ${sinceThen(ended)}` : 'Nothing yet'}
              </span>
            </>
          )}
        </p>
        <button
          type="button"
          className="button now"
          disabled={!isPast}
          onClick={() => {
            stop();
            goTo(null);
          }}
        >
          <Icon name="now" /> Now
        </button>
      </div>
    </section>
  );
}

function What({
  actor,
  reason,
}: {
  readonly actor: string | null;
  readonly reason: string | null;
}) {
  return (
    <>
      {' · '}
      {actor && <b>{actor}</b>}
      {actor && reason && ': '}
      {reason}
    </>
  );
}
