/** A status: as a badge, or as something to choose. */
import { statusOf } from '../time/series.ts';
import { statusChoices } from './fields.ts';

export function StatusBadge({ status }: { readonly status: string | null }) {
  return (
    <span className="status" data-status={statusOf(status)}>
      {status ?? 'none'}
    </span>
  );
}

interface SelectProps {
  readonly status: string | null;
  readonly label: string;
  readonly onChoose: (status: string) => void;
}

export function StatusSelect({ status, label, onChoose }: SelectProps) {
  const choices: readonly string[] = statusChoices;
  return (
    <select
      className="status"
      data-status={statusOf(status)}
      aria-label={label}
      value={status ?? ''}
      onChange={({ target }) => onChoose(target.value)}
    >
      {(status === null || !choices.includes(status)) && (
        <option value={status ?? ''}>{status ?? 'none'}</option>
      )}
      {choices.map((choice) => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  );
}
