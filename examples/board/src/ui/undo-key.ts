/** Ctrl Z, or Command Z, takes back what was done last, but for where it takes back typing. */
import { useLayoutEffect } from 'react';

const isMac = navigator.platform.startsWith('Mac');

export const undoKeyName = isMac ? '⌘ Z' : 'Ctrl Z';

export function useUndoKey(undo: (() => void) | null): void {
  // Not a moment later than the key is shown.
  useLayoutEffect(() => {
    if (!undo) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const isUndo =
        event.key.toLowerCase() === 'z' &&
        (event.ctrlKey || event.metaKey) &&
        !event.altKey &&
        !event.shiftKey;
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
