/**
 * Which pages may call the server from a browser: those that come from this machine, such as a
 * frontend's development server. Any other page could otherwise read and write what one person
 * keeps on loopback, just by being visited.
 */

/** Yoga's CORS options for one request: its own origin when that is this machine, else none. */
export function corsOf(request: Request): { origin: string; credentials: boolean } | false {
  const origin = request.headers.get('origin');
  return origin !== null && isLoopback(origin) ? { origin, credentials: false } : false;
}

/**
 * Whether a WebSocket may be opened from a page: browsers ask nobody before they open one.
 * @param origin the page's; without one it is no page.
 * @param host what the request says this server is called: its own pages may.
 */
export function isTrustedOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || isLoopback(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
}
