/** Says which moment the board shows, and what happened there. */
import { Ago } from '../ui/ago.tsx';
import { counted, moment as momentText } from '../ui/format.ts';
import { useMoment } from './moment.tsx';
import type { Shown } from './use-shown.ts';

export function Standing({ isPast, isOffline, time, happening }: Shown) {
  return (
    <p className="standing">
      {isPast ? <Then time={time} happening={happening} /> : <Now isOffline={isOffline} />}
      {isOffline && (
        <span className="offline">
          The server is away: {isPast && !happening ? 'this moment cannot be read now, and ' : ''}
          what is shown was read before.
        </span>
      )}
    </p>
  );
}

function Now({ isOffline }: Pick<Shown, 'isOffline'>) {
  const { head, ended } = useMoment();
  const what = ended ? (
    <>
      {counted(head, 'change')}, the last <Ago time={ended} />
    </>
  ) : (
    'Nothing yet'
  );
  return (
    <>
      <strong>{isOffline ? 'Offline' : 'Now'}</strong>{' '}
      <span className="what">{ended || !isOffline ? what : null}</span>
    </>
  );
}

function Then({ time, happening }: Pick<Shown, 'time' | 'happening'>) {
  const { head, wanted } = useMoment();
  const isBefore = wanted === 0;
  return (
    <>
      <strong>
        As of{' '}
        {isBefore ? (
          'before it began'
        ) : time ? (
          <time dateTime={time}>{momentText(time)}</time>
        ) : (
          `change ${wanted}`
        )}
      </strong>{' '}
      <span className="read-only">read-only</span>{' '}
      <span className="what">
        {wanted !== null && `change ${wanted} of ${head}`}
        {happening && !isBefore && <What {...happening.version.transaction} />}
      </span>
    </>
  );
}

function What({
  actor,
  reason,
}: {
  readonly actor: string | null;
  readonly reason: string | null;
}) {
  if (!actor && !reason) return null;
  return (
    <>
      {' · '}
      {actor && <b>{actor}</b>}
      {actor && reason && ': '}
      {reason}
    </>
  );
}
