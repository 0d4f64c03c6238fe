/** The time slider: from before the first change to now, with play-back, below the chart. */
import { moment as momentText } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { useMoment } from './moment.tsx';
import { Standing } from './standing.tsx';
import { type Speed, speeds, usePlayback } from './use-playback.ts';
import { useShown } from './use-shown.ts';
import './time-bar.css';

export function TimeBar() {
  const moment = useMoment();
  const { head, wanted, goTo } = moment;
  const { playing, toggle, stop, speed, setSpeed } = usePlayback();
  const shown = useShown(moment);
  const step = (by: number) => {
    stop();
    goTo((wanted ?? head) + by);
  };
  return (
    <section className="time" aria-label="Time" data-past={shown.isPast || undefined}>
      <ChartPanel
        time={shown.time === null ? null : Date.parse(shown.time)}
        text={
          shown.isPast
            ? `change ${wanted ?? head} of ${head}${shown.time ? `, ${momentText(shown.time)}` : ''}`
            : 'now'
        }
        onHold={stop}
      />
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
            disabled={!shown.isPast}
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
        <Standing {...shown} />
        <button
          type="button"
          className="button now"
          disabled={!shown.isPast}
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
