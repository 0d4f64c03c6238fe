/**
 * Which pages may call the server from a browser: those that come from this machine, such as a
 * frontend's development server, and those that were allowed. Any other page could otherwise read
 * and write what one person keeps on loopback, just by being visited.
 */
import { isLoopback } from './hosts.ts';

export class Origins {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowed origins, as browsers send them, besides those of this machine. */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = new Set(allowed);
  }

  /** Yoga's CORS options for one request: its own origin when that may call, else none. */
  readonly corsOf = (request: Request): { origin: string; credentials: boolean } | false => {
    const origin = request.headers.get('origin');
    return origin !== null && this.#mayCall(origin) ? { origin, credentials: false } : false;
  };

  /**
   * Whether a page may open a WebSocket or send a form: browsers ask nobody before they do.
   * @param origin the page's; without one it is no page.
   * @param host what the request says this server is called: its own pages may.
   */
  mayCallUnasked(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || this.#mayCall(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  /** Whether a request comes from a page that may not send what browsers ask nobody for. */
  isForeign({ headers, url }: Request): boolean {
    const origin = headers.get('origin') ?? undefined;
    const host = headers.get('host') ?? new URL(url).host;
    const isUnnamed = headers.get('sec-fetch-site') === 'cross-site' && origin === undefined;
    return isUnnamed || !this.mayCallUnasked(origin, host);
  }

  #mayCall(origin: string): boolean {
    if (this.#allowed.has(origin)) return true;
    return URL.canParse(origin) && isLoopback(new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1'));
  }
}
