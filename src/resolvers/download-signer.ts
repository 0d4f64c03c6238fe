/**
 * Signed URLs of downloads: an img element, a link or curl has no token to send, so that who may see
 * a file is given a URL of it which nobody can make up, and which is good for a while.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** In the URL: until when it is good, for whom it was made, and the proof of both. */
const names = { until: 'until', seen: 'seen', signature: 'signature' } as const;

export class DownloadSigner {
  readonly #key: Uint8Array;
  readonly #lifetimeSeconds: number;

  /** @param key at least 32 bytes that nobody else knows. @param lifetimeSeconds how long a URL is good. */
  constructor(key: Uint8Array, lifetimeSeconds: number) {
    if (key.length < 32) throw new TypeError(`The key must have 32 bytes, but has ${key.length}.`);
    this.#key = key;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /**
   * A path with its signature. URLs made within one lifetime are the same, so that caches meet them
   * again; each is good for one lifetime at least, and for two at most.
   * @param seen the same for viewers who see the same.
   */
  sign(path: string, seen: string): string {
    const lifetime = this.#lifetimeSeconds;
    const until = String((Math.floor(Date.now() / 1_000 / lifetime) + 2) * lifetime);
    const whose = this.#digest([seen]).slice(0, 16);
    const signature = this.#digest([path, until, whose]);
    const signed = { [names.until]: until, [names.seen]: whose, [names.signature]: signature };
    return `${path}?${new URLSearchParams(signed)}`;
  }

  /** How many seconds a signed URL is still good; 0 where it is not, or its signature is wrong. */
  secondsLeft({ pathname, searchParams }: URL): number {
    const [until = '', whose = '', signature = ''] = Object.values(names).map((name) =>
      searchParams.get(name),
    ) as string[];
    const expected = Buffer.from(this.#digest([pathname, until, whose]));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 0;
    return Math.max(0, Math.floor(Number(until) - Date.now() / 1_000));
  }

  #digest(parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url');
  }
}

/** Whether a URL says to be signed. */
export function isSigned({ searchParams }: URL): boolean {
  return searchParams.has(names.signature);
}
