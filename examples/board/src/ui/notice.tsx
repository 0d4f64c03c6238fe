/** Says in a quiet box what is the matter. */
import type { ReactNode } from 'react';

interface Props {
  readonly kind?: 'problem';
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function Notice({ kind, children, action }: Props) {
  return (
    <div className="notice" data-kind={kind} role={kind === 'problem' ? 'alert' : undefined}>
      <p>{children}</p>
      {action}
    </div>
  );
}
