/**
 * How much each client may do of something within a minute: by who asks where that is known, otherwise
 * by address. Each worker counts for itself.
 */
import type { IncomingMessage } from 'node:http';
import type { Viewer } from '../../entities/index.ts';
import type { ClientAddresses } from './client-addresses.ts';
import { TokenBuckets } from './token-buckets.ts';

export class ClientRate {
  /** How much it is; 0 sets no limit. */
  readonly perMinuteMax: number;
  readonly #clients: ClientAddresses;
  readonly #buckets: TokenBuckets | null;

  /** @param clients where clients are that nobody knows. */
  constructor(perMinuteMax: number, clients: ClientAddresses) {
    this.perMinuteMax = perMinuteMax;
    this.#clients = clients;
    this.#buckets = perMinuteMax > 0 ? new TokenBuckets(perMinuteMax) : null;
  }

  /**
   * Takes an amount for whoever asks.
   * @returns 0 when they may; otherwise after how many seconds they may again.
   */
  take(viewer: Viewer | null, req: IncomingMessage | undefined, amount: number): number {
    if (!this.#buckets || amount === 0) return 0;
    // One who is known is the same wherever they are, and never somebody’s address.
    const client = viewer ? `viewer ${viewer.id}` : `address ${req ? this.#clients.of(req) : ''}`;
    return this.#buckets.take(client, amount);
  }
}
