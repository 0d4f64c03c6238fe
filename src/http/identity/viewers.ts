/** Who asks, found out once for each request, whichever road it comes by. */
import type { IncomingMessage } from 'node:http';
import type { Asking, Identity, Known } from './known.ts';
import { expired } from './unauthenticated.ts';

/** What is known of a request, as Yoga's contexts have it. */
export interface Asked {
  /** Node's request, where it came over Node's server; of a WebSocket the one that opened it. */
  readonly req?: IncomingMessage;
  readonly request?: Request;
  /** What a WebSocket was begun with. */
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
}

export class Viewers {
  readonly #identity: Identity;
  readonly #known = new WeakMap<object, Promise<Known | null>>();

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Whether anybody is asked who they are. */
  get areAsked(): boolean {
    return this.headers.length > 0;
  }

  /** The headers that tell who asks: caches have to know that answers depend on them. */
  get headers(): readonly string[] {
    return this.#identity.headers;
  }

  /**
   * @returns null where everybody is nobody in particular.
   * @throws a GraphQLError UNAUTHENTICATED when it has to be known, and is not, or not any more;
   *   Unavailable when it cannot be found out now.
   */
  async of(asked: Asked): Promise<Known | null> {
    if (!this.areAsked) return null;
    const by = asked.connectionParams ?? asked.req ?? asked.request ?? asked;
    let finding = this.#known.get(by);
    if (!finding) {
      finding = this.#identity.viewerOf(askingOf(asked));
      this.#known.set(by, finding);
    }
    const known = await finding;
    // A WebSocket may be used for longer, also while it is closed.
    if (known && Date.now() >= known.untilMs) throw expired();
    return known;
  }
}

function askingOf({ req, request, connectionParams }: Asked): Asking {
  const values = (name: string) => {
    if (req) return req.headersDistinct[name] ?? [];
    const value = request?.headers.get(name);
    return value == null ? [] : [value];
  };
  const header = (name: string) => {
    const all = values(name);
    return all.length === 0 ? null : all.join(name === 'cookie' ? '; ' : ', ');
  };
  return { header, values, connectionParams, remoteAddress: req?.socket.remoteAddress };
}
