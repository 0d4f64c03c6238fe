/** All versions of a record, newest first: who changed what, when and why. */
import type { FieldChange, TodoVersion } from '../graphql/todos.ts';
import { Ago } from '../ui/ago.tsx';
import { Icon } from '../ui/icons.tsx';
import { Changes } from './diff.tsx';
import './history.css';

type Version = Pick<
  TodoVersion,
  'id' | 'revision' | 'position' | 'operation' | 'committedAt' | 'changes' | 'transaction'
>;

interface Props {
  readonly versions: readonly Version[];
  readonly totalCount: number;
  /** The revision that needs no bringing back; null where everything may be. */
  readonly current: number | null;
  /** Missing where nothing can be written. */
  readonly onRestore?: ((revision: number) => void) | undefined;
  /** Shows the whole board at a position. */
  readonly onVisit: (position: number) => void;
  readonly onMore: () => void;
}

const done = { CREATE: 'created', UPDATE: 'changed', DELETE: 'deleted', RESTORE: 'restored' };

export function History(props: Props) {
  const { versions, totalCount, current, onRestore, onVisit, onMore } = props;
  return (
    <section className="history" aria-labelledby="history-title">
      <h3 id="history-title">
        History <span className="badge">{totalCount}</span>
      </h3>
      <ol>
        {versions.map((version) => (
          <li key={version.id} data-operation={version.operation}>
            <p className="history-head">
              <strong>{version.transaction.actor ?? 'Someone'}</strong> {done[version.operation]}{' '}
              this <Ago time={version.committedAt} />
              <span className="revision">revision {version.revision}</span>
            </p>
            {version.transaction.reason && <p className="reason">{version.transaction.reason}</p>}
            <Changes changes={version.changes.filter(isTold)} />
            <p className="history-buttons">
              <button
                type="button"
                className="link"
                onClick={() => onVisit(Number(version.position))}
              >
                Board at this moment
              </button>
              {onRestore && version.revision !== current && version.operation !== 'DELETE' && (
                <button
                  type="button"
                  className="link"
                  aria-label={`Restore revision ${version.revision}`}
                  onClick={() => onRestore(version.revision)}
                >
                  <Icon name="restore" /> Restore
                </button>
              )}
            </p>
          </li>
        ))}
      </ol>
      {versions.length < totalCount && (
        <button type="button" className="button" onClick={onMore}>
          Show older versions
        </button>
      )}
    </section>
  );
}

/** A creation lists what is set: empty lists and the like say nothing. */
function isTold({ before, after }: FieldChange): boolean {
  return before !== null || !(Array.isArray(after) && after.length === 0);
}
