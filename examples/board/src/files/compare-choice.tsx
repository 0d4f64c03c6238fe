/** Which two revisions are compared, and by which columns. */
import type { FileVersion } from '../graphql/files.ts';
import type { Column } from '../graphql/tables.ts';

export interface Pair {
  readonly from: number;
  readonly to: number;
}

interface Props {
  readonly pair: Pair;
  readonly onPair: (pair: Pair) => void;
  readonly versions: readonly FileVersion[];
  readonly columns: readonly Column[];
  /** None while it is guessed. */
  readonly chosen: readonly string[];
  readonly onKey: (key: readonly string[]) => void;
}

export function CompareChoice({ pair, onPair, versions, columns, chosen, onKey }: Props) {
  return (
    <div className="compare-choice">
      {(['from', 'to'] as const).map((which) => (
        <label key={which}>
          {which}{' '}
          <select
            value={pair[which]}
            onChange={({ target }) => onPair({ ...pair, [which]: Number(target.value) })}
          >
            {versions.map(({ revision }) => (
              <option key={revision} value={revision}>
                revision {revision}
              </option>
            ))}
          </select>
        </label>
      ))}
      <fieldset>
        <legend>A row is named by</legend>
        {columns.map(({ name }) => (
          <label key={name} className="key-column">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={({ target }) => {
                const others = chosen.filter((it) => it !== name);
                onKey(target.checked ? [...others, name] : others);
              }}
            />{' '}
            {name}
          </label>
        ))}
      </fieldset>
    </div>
  );
}
