/** Short messages that pass, with at most one thing to do about them. */
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

interface Toast {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly kind?: 'problem';
}

const shownMs = 9_000;
const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Shows a message; it takes the place of the one before. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext);
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toast, setToast] = useState<Toast | null>(null);
  const [held, setHeld] = useState(false);
  const show = useCallback((next: Toast) => setToast({ ...next }), []);
  const hide = useCallback(() => setToast(null), []);
  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(hide, shownMs);
    return () => clearTimeout(timer);
  }, [toast, held, hide]);
  const value = useMemo(() => show, [show]);
  const act = () => {
    toast?.action?.run();
    hide();
  };
  return (
    <ToastContext.Provider value={value}>
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
            {toast.action && (
              <button type="button" className="toast-action" onClick={act}>
                {toast.action.label}
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
