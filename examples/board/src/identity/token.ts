/** The token that says who asks: as it is pasted, and as it is kept. */

/** GraphiQL of the same server looks for it there, too. */
const key = 'everstate:token';

/** What was given in this tab of the browser; null where nothing was. */
export function keptToken(): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps it until the tab is closed; null forgets it. */
export function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, token);
  } catch {
    // Where nothing may be remembered, it is good until the page is left.
  }
}

/** The token in a text that was pasted: others would be no header. Null where there is none. */
export function tokenIn(text: string): string | null {
  const [, token] = /^\s*(?:bearer\s+)?([\w.~+/=-]+)\s*$/i.exec(text) ?? [];
  return token ?? null;
}
