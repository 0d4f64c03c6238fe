/**
 * Keeps the focus on the page. What has it may go away, by one's own doing or by someone else's; the
 * browser then drops it, and the next Tab begins at the top. It goes on to what is near instead:
 * `data-focus="home"` marks where it may, and any other value prefers its like in the next row.
 */

/** Messages and dialogs come and go: after them the focus goes back to where it was before. */
const passing = '.toasts, dialog';

/** @returns what ends it. */
export function keepFocus(): () => void {
  let last: HTMLElement | null = null;
  let before: HTMLElement | null = null;
  const onFocus = ({ target }: FocusEvent) => {
    last = target as HTMLElement;
    if (!last.closest(passing)) before = last;
  };
  const onBlur = () => {
    // Whoever clicks beside everything has let go of it.
    setTimeout(() => {
      if (isLost() && last?.isConnected && !last.matches(':disabled')) last = null;
    });
  };
  const observer = new MutationObserver((records) => {
    if (!last || (last.isConnected && !last.matches(':disabled'))) return;
    if (!isLost() && document.activeElement !== last) return;
    const gone = last;
    last = null;
    const wasPassing = before !== null && before !== gone && before.isConnected;
    (wasPassing ? before : homeNear(gone, records))?.focus();
  });
  document.addEventListener('focusin', onFocus);
  document.addEventListener('focusout', onBlur);
  observer.observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ['disabled'],
  });
  return () => {
    document.removeEventListener('focusin', onFocus);
    document.removeEventListener('focusout', onBlur);
    observer.disconnect();
  };
}

function isLost(): boolean {
  return document.activeElement === document.body || document.activeElement === null;
}

/** What stood after the part that is gone, else before it, else around it. */
function homeNear(gone: HTMLElement, records: readonly MutationRecord[]): HTMLElement | null {
  const record = records.find(({ removedNodes }) =>
    [...removedNodes].some((node) => node.contains(gone)),
  );
  const around = record ? record.target : gone;
  for (const place of [record?.nextSibling, record?.previousSibling, ...ancestorsOf(around)]) {
    if (!(place instanceof Element) || !place.isConnected) continue;
    const home = find(place, gone.dataset.focus) ?? find(place, 'home');
    if (home) return home;
  }
  return null;
}

function find(place: Element, name: string | undefined): HTMLElement | null {
  if (name === undefined) return null;
  const selector = `[data-focus="${CSS.escape(name)}"]:not(:disabled)`;
  return place.matches(selector) ? (place as HTMLElement) : place.querySelector(selector);
}

function ancestorsOf(node: Node): Node[] {
  return node.parentNode ? [node, ...ancestorsOf(node.parentNode)] : [node];
}
