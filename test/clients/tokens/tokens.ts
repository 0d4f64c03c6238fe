/** How long before its end a token is renewed: what is asked with it takes its time. */
const marginMs = 30_000;

/** Tokens, one after the other, each renewed before it expires, or when a server refuses it. */
export class Tokens {
  readonly #issue: () => Promise<string>;
  #last: { readonly authorization: string; readonly renewMs: number } | null = null;
  #issuing: Promise<string> | null = null;

  /** @param issue has a new token: from whoever lets people in, in exchange for a cookie, say. */
  constructor(issue: () => Promise<string>) {
    this.#issue = issue;
  }

  /** What the header Authorization has to say now. All who ask meanwhile wait for one token. */
  async authorization(): Promise<string> {
    if (this.#last && this.isCurrent(this.#last.authorization)) return this.#last.authorization;
    this.#issuing ??= this.#renew().finally(() => {
      this.#issuing = null;
    });
    return await this.#issuing;
  }

  /** Whether that is what it has to say for a while yet. */
  isCurrent(authorization: string): boolean {
    return this.#last?.authorization === authorization && Date.now() < this.#last.renewMs;
  }

  /** A server does not take it any more, whatever the clock here says. */
  refuse(authorization: string): void {
    if (this.#last?.authorization === authorization) this.#last = null;
  }

  async #renew(): Promise<string> {
    const token = await this.#issue();
    const authorization = `Bearer ${token}`;
    this.#last = { authorization, renewMs: expiryOf(token) - marginMs };
    return authorization;
  }
}

/** When a token expires, as it says itself, in milliseconds since 1970. */
function expiryOf(token: string): number {
  const [, claims = ''] = token.split('.');
  const { exp } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
  return exp * 1_000;
}
