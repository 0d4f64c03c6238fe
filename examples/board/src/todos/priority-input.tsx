/** A priority as it is typed: what is no priority stays to be seen, and is not made one. */
import { useState } from 'react';

const priorityMax = 1_000_000;

interface Props {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly value: number;
  readonly readOnly: boolean;
  /** Called with `NaN` for what is no number. */
  readonly onChange: (priority: number) => void;
}

export function PriorityInput({ value, onChange, ...props }: Props) {
  const [text, setText] = useState('');
  const isTyped = Object.is(numberOf(text), value);
  return (
    <input
      {...props}
      type="number"
      min={0}
      max={priorityMax}
      aria-invalid={problemOfPriority(value) !== null}
      value={isTyped || Number.isNaN(value) ? text : value}
      onChange={({ target }) => {
        setText(target.value);
        onChange(numberOf(target.value));
      }}
    />
  );
}

/** Why a number cannot be a priority; null when it can. */
export function problemOfPriority(priority: number | undefined): string | null {
  if (priority === undefined) return null;
  if (!Number.isInteger(priority)) return 'Whole numbers only.';
  if (priority < 0 || priority > priorityMax) return 'A number from 0 to 1,000,000.';
  return null;
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}
