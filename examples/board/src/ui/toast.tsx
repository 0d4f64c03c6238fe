/** Short messages, with at most one thing to do about each. All but problems pass by themselves. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from 'react';
import { Icon } from './icons.tsx';
import './toast.css';
import { undoKeyName, useUndoKey } from './undo-key.ts';

export interface Toast {
  readonly text: string;
  /** Takes back what the message tells: also by Ctrl Z. */
  readonly undo?: () => void;
  /** Tries once more what did not come about. */
  readonly again?: () => void;
  /** A problem stays until it is closed, or settled. */
  readonly kind?: 'problem';
  /** The id of what a problem is about. */
  readonly about?: string;
}

interface Messages {
  /** Shows a message in place of the one before; problems stay beside it, one for each thing. */
  readonly show: (toast: Toast) => void;
  /** Something new is done: what can be undone is no longer what was done before. */
  readonly begin: () => void;
  /** What there was of problems with a thing is over. */
  readonly settle: (about: string) => void;
}

/** What can be undone is shown longer. */
const shownMs = { plain: 9_000, undoable: 20_000 };

const ToastContext = createContext<Messages>({
  show: () => {},
  begin: () => {},
  settle: () => {},
});

export function useToasts(): Messages {
  return useContext(ToastContext);
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const [held, setHeld] = useState(false);
  const hide = useCallback((gone: Toast) => {
    setToasts((all) => all.filter((toast) => toast !== gone));
    // What had the focus goes without a blur.
    setHeld(false);
  }, []);
  const messages = useMemo(
    () => ({
      show: (next: Toast) =>
        setToasts((all) => [
          ...all.filter((it) => isProblem(it) && !isAbout(it, next.about)),
          next,
        ]),
      begin: () => setToasts((all) => all.filter(isProblem)),
      settle: (about: string) => setToasts((all) => all.filter((it) => !isAbout(it, about))),
    }),
    [],
  );
  const passing = toasts.find((toast) => !isProblem(toast)) ?? null;
  useEffect(() => {
    if (!passing || held) return;
    const ms = passing.undo ? shownMs.undoable : shownMs.plain;
    const timer = setTimeout(() => hide(passing), ms);
    return () => clearTimeout(timer);
  }, [passing, held, hide]);
  const undo = useMemo(
    () =>
      passing?.undo
        ? () => {
            hide(passing);
            passing.undo?.();
          }
        : null,
    [passing, hide],
  );
  useUndoKey(undo);
  return (
    <ToastContext.Provider value={messages}>
      {children}
      {/* It must be there before a message is, or the message is not read out. */}
      <section
        className="toasts"
        aria-label="Messages"
        aria-live="polite"
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
        onMouseEnter={() => setHeld(true)}
        onMouseLeave={() => setHeld(false)}
      >
        {toasts.map((toast) => (
          <Message key={`${toast.kind} ${toast.about} ${toast.text}`} toast={toast} onHide={hide} />
        ))}
      </section>
    </ToastContext.Provider>
  );
}

function Message({
  toast,
  onHide,
}: {
  readonly toast: Toast;
  readonly onHide: (it: Toast) => void;
}) {
  const act = (action: () => void) => {
    onHide(toast);
    action();
  };
  const { kind, text, undo, again } = toast;
  return (
    <div className="toast" data-kind={kind}>
      <span>{text}</span>
      {undo && (
        <button
          type="button"
          className="toast-action"
          aria-keyshortcuts="Control+Z Meta+Z"
          onClick={() => act(undo)}
        >
          Undo <span aria-hidden="true">{undoKeyName}</span>
        </button>
      )}
      {again && (
        <button type="button" className="toast-action" onClick={() => act(again)}>
          Try again
        </button>
      )}
      <button
        type="button"
        className="quiet"
        aria-label="Close the message"
        onClick={() => onHide(toast)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function isProblem({ kind }: Toast): boolean {
  return kind === 'problem';
}

function isAbout(toast: Toast, about: string | undefined): boolean {
  return about !== undefined && toast.about === about;
}
