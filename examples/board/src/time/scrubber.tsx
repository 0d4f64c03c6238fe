/**
 * The chart and the slider below it on one scale. The slider is a real one, for keyboards and for
 * whoever listens: its steps are the changes. Pointers take hold of the whole: a click in the chart
 * goes to that moment, and one line marks it in both.
 */
import { type PointerEvent, type ReactNode, useRef } from 'react';
import { useMoment } from './moment.tsx';
import { fractionOf, placeAt, type Scale } from './scale.ts';

interface Props {
  readonly scale: Scale;
  /** Where the moment that is shown stands on the scale; null while that is not known. */
  readonly place: number | null;
  /** The moment in words. */
  readonly text: string;
  /** When someone takes hold of the slider. */
  readonly onHold: () => void;
  readonly children: ReactNode;
}

export function Scrubber({ scale, place, text, onHold, children }: Props) {
  const { head, wanted, time, goTo, goToTime } = useMoment();
  const input = useRef<HTMLInputElement>(null);
  const rail = useRef<HTMLDivElement>(null);
  const isPast = wanted !== null || time !== null;
  const fraction = place === null ? 1 : fractionOf(scale, place);

  const follow = ({ clientX }: PointerEvent) => {
    const { left, width } = rail.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    const to = (clientX - left) / width;
    if (to >= 1) goTo(null);
    else if (to <= 0) goTo(0);
    else if (scale.axis === 'time') goToTime(placeAt(scale, to));
    else goTo(Math.round(placeAt(scale, to)));
  };
  const hold = (event: PointerEvent) => {
    if (event.button !== 0 || head === 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    input.current?.focus({ preventScroll: true });
    onHold();
    follow(event);
  };
  return (
    <div
      className="chart-area"
      data-disabled={head === 0 || undefined}
      style={{ '--at': fraction }}
      onPointerDown={hold}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) follow(event);
      }}
    >
      <div className="plot" aria-hidden="true">
        {children}
      </div>
      <div className="slider">
        <input
          ref={input}
          type="range"
          aria-label="Moment"
          aria-valuetext={text}
          data-focus="home"
          min={0}
          max={head}
          value={wanted ?? head}
          disabled={head === 0}
          onChange={({ target }) => {
            onHold();
            goTo(Number(target.value));
          }}
        />
        <div className="rail" ref={rail} aria-hidden="true">
          {place !== null && (
            <>
              <i className="elapsed" />
              {isPast && <i className="marker" />}
              <i className="knob" />
            </>
          )}
        </div>
      </div>
    </div>
  );
}
