/** What to show of the todos: by words, by status, by labels. */
import { useId } from 'react';
import { count } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { type Counts, sumOf } from './counts.ts';
import { statusChoices } from './fields.ts';
import { type Choice, isSettled } from './filter.ts';

interface Props {
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  readonly counts: Counts;
  readonly byLabel: readonly { readonly label: string | null; readonly count: number }[];
}

export function Filters({ choice, onChoose, counts, byLabel }: Props) {
  const labelId = useId();
  const { byStatus, deleted } = counts;
  const others = byStatus.flatMap(({ status }) => status ?? []).sort();
  const known: readonly string[] = statusChoices;
  const choices = [
    {
      value: 'active',
      name: 'Active',
      count: sumOf(byStatus.filter((it) => !isSettled(it.status))),
    },
    ...[...known, ...others.filter((status) => !known.includes(status))].map((value) => ({
      value,
      name: value,
      count: sumOf(byStatus.filter(({ status }) => status === value)),
    })),
    { value: 'all', name: 'All', count: sumOf(byStatus) },
  ].filter((it) => it.count > 0 || it.value === 'active' || it.value === choice.status);
  const offered = byLabel.filter(({ label }) => label !== null && !choice.labels.includes(label));
  return (
    <search className="filters">
      <label className="search">
        <Icon name="search" />
        <span className="unseen">Search the todos</span>
        <input
          type="search"
          placeholder="Search"
          value={choice.search}
          onChange={({ target }) => onChoose({ ...choice, search: target.value })}
        />
      </label>
      <div className="label-choice">
        {choice.labels.map((label) => (
          <button
            key={label}
            type="button"
            className="label chosen"
            aria-label={`Do not filter by the label ${label}`}
            onClick={() =>
              onChoose({ ...choice, labels: choice.labels.filter((it) => it !== label) })
            }
          >
            {label} <Icon name="close" />
          </button>
        ))}
        <label className="unseen" htmlFor={labelId}>
          Filter by label
        </label>
        <select
          id={labelId}
          data-focus="home"
          value=""
          onChange={({ target }) => {
            if (target.value) onChoose({ ...choice, labels: [...choice.labels, target.value] });
          }}
        >
          <option value="">{choice.labels.length > 0 ? 'and label…' : 'Label…'}</option>
          {offered.map(({ label, count: number }) => (
            <option key={label} value={label ?? ''}>
              {label}
              {/* Those counts are of the others, too. */}
              {!choice.deleted && ` (${count(number)})`}
            </option>
          ))}
        </select>
      </div>
      <fieldset className="status-choice">
        <legend className="unseen">Status</legend>
        {choices.map(({ value, name, count: number }) => (
          <label key={value}>
            <input
              type="radio"
              name="status"
              className="cover"
              checked={!choice.deleted && choice.status === value}
              onChange={() => onChoose({ ...choice, status: value, deleted: false })}
            />
            <span className="chip">
              {known.includes(value) && <i className="dot" data-status={value} />}
              {name} <b>{count(number)}</b>
            </span>
          </label>
        ))}
        {(deleted > 0 || choice.deleted) && (
          <label>
            <input
              type="radio"
              name="status"
              className="cover"
              checked={choice.deleted}
              onChange={() => onChoose({ ...choice, deleted: true })}
            />
            <span className="chip">
              <Icon name="bin" /> Deleted <b>{count(deleted)}</b>
            </span>
          </label>
        )}
      </fieldset>
    </search>
  );
}
