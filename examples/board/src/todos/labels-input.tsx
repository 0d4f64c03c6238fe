/** Labels as chips that can be removed, and a line to type more of them into. */
import { type KeyboardEvent, useId, useState } from 'react';
import { Icon } from '../ui/icons.tsx';

interface Props {
  readonly labels: readonly string[];
  /** Labels that are in use elsewhere: they are offered. */
  readonly known: readonly string[];
  readonly readOnly: boolean;
  readonly onChange: (labels: readonly string[]) => void;
}

export function LabelsInput({ labels, known, readOnly, onChange }: Props) {
  const [text, setText] = useState('');
  const id = useId();
  const add = () => {
    const label = text.trim();
    if (label !== '' && !labels.includes(label)) onChange([...labels, label]);
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && text.trim() !== '') {
      event.preventDefault();
      add();
    }
    if (event.key === 'Backspace' && text === '') onChange(labels.slice(0, -1));
  };
  return (
    <div className="labels-input" data-read-only={readOnly || undefined}>
      {labels.map((label) => (
        <span key={label} className="label">
          {label}
          {!readOnly && (
            <button
              type="button"
              aria-label={`Remove the label ${label}`}
              onClick={() => onChange(labels.filter((it) => it !== label))}
            >
              <Icon name="close" />
            </button>
          )}
        </span>
      ))}
      {!readOnly && (
        <>
          <input
            aria-label="Add a label"
            data-focus="home"
            placeholder="Add a label"
            list={id}
            value={text}
            onChange={({ target }) => setText(target.value)}
            onKeyDown={onKeyDown}
            onBlur={add}
          />
          <datalist id={id}>
            {known
              .filter((label) => !labels.includes(label))
              .map((label) => (
                <option key={label} value={label} />
              ))}
          </datalist>
        </>
      )}
    </div>
  );
}
