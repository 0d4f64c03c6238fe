/** Short messages that pass, with at most one thing to do about them. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { Icon } from './icons.tsx';
import './toast.css';

export interface Toast {
  readonly text: string;
  /** Takes back what the message tells: also by Ctrl Z. */
  readonly undo?: () => void;
  /** Tries once more what did not come about. */
  readonly again?: () => void;
  readonly kind?: 'problem';
}

/** What can be undone is shown longer; problems stay until they are closed. */
const shownMs = { plain: 9_000, undoable: 20_000 };
const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Shows a message; it takes the place of the one before. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext);
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toast, setToast] = useState<Toast | null>(null);
  const [held, setHeld] = useState(false);
  const show = useCallback((next: Toast) => setToast({ ...next }), []);
  const hide = useCallback(() => {
    setToast(null);
    // What had the focus goes without a blur.
    setHeld(false);
  }, []);
  useEffect(() => {
    if (!toast || held || toast.kind === 'problem') return;
    const timer = setTimeout(hide, toast.undo ? shownMs.undoable : shownMs.plain);
    return () => clearTimeout(timer);
  }, [toast, held, hide]);
  const act = useCallback(() => {
    hide();
    (toast?.undo ?? toast?.again)?.();
  }, [toast, hide]);
  useUndoKey(toast?.undo ? act : null);
  return (
    <ToastContext.Provider value={show}>
      {children}
      {/* It must be there before the message is, or the message is not read out. */}
      <section
        className="toasts"
        aria-label="Messages"
        aria-live="polite"
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
        onMouseEnter={() => setHeld(true)}
        onMouseLeave={() => setHeld(false)}
      >
        {toast && (
          <div className="toast" data-kind={toast.kind}>
            <span>{toast.text}</span>
            {toast.undo && (
              <button
                type="button"
                className="toast-action"
                aria-keyshortcuts="Control+Z Meta+Z"
                onClick={act}
              >
                Undo <span aria-hidden="true">{isMac ? '⌘ Z' : 'Ctrl Z'}</span>
              </button>
            )}
            {toast.again && (
              <button type="button" className="toast-action" onClick={act}>
                Try again
              </button>
            )}
            <button type="button" className="quiet" aria-label="Close the message" onClick={hide}>
              <Icon name="close" />
            </button>
          </div>
        )}
      </section>
    </ToastContext.Provider>
  );
}

const isMac = navigator.platform.startsWith('Mac');

/** Ctrl Z, or Command Z, anywhere but where it undoes typing. */
function useUndoKey(undo: (() => void) | null): void {
  useEffect(() => {
    if (!undo) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const isUndo = event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.altKey;
      if (!isUndo || isTyping(event.target)) return;
      event.preventDefault();
      undo();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [undo]);
}

function isTyping(target: EventTarget | null): boolean {
  const text = 'textarea, input:not([type=checkbox], [type=radio], [type=range])';
  return target instanceof HTMLElement && target.matches(text);
}
