/**
 * What is looked at before a request is made one of the application: whom it asks, and for what.
 * Its address is made of these, so what is none ends here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HostRule, hostnameOf } from './hosts.ts';
import { markOf, requestIdHeader } from './request-mark.ts';
import { answerHeaders } from './security-headers.ts';

/** Why a request, or the opening of a WebSocket, is not answered. */
export interface Refusal {
  readonly status: number;
  /** One line. */
  readonly message: string;
}

export class FrontDoor {
  readonly #answersTo: HostRule;
  /** Most clients ask by the same name, again and again. */
  #lastHost: { readonly host: string; readonly refusal: Refusal | null } = {
    host: '',
    refusal: null,
  };

  /** @param answersTo the names that the server may be asked by; any without it. */
  constructor(answersTo: HostRule = () => true) {
    this.#answersTo = answersTo;
  }

  /**
   * Answers what is not for the application: what is refused, and what asks for the server as such.
   * @returns whether it was answered.
   */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    const refusal = this.refusalOf(request);
    if (refusal) {
      const headers = {
        'content-type': 'text/plain; charset=utf-8',
        [requestIdHeader]: markOf({ req: request }).id,
        ...answerHeaders,
      };
      response.writeHead(refusal.status, headers).end(`${refusal.message}\n`);
    } else if (request.url === '*') {
      response.writeHead(204, { allow: 'GET, HEAD, POST, OPTIONS', ...answerHeaders }).end();
    }
    return response.writableEnded;
  }

  /**
   * Brings what a request asks for into the one form that the application knows: a path.
   * @returns why it cannot be answered; null when it can.
   */
  refusalOf(request: IncomingMessage): Refusal | null {
    const target = pathOf(request.url ?? '');
    if (target === null || (target === '*' && request.method !== 'OPTIONS')) {
      const message = 'The request must ask for a path, such as /graphql; * is for OPTIONS alone.';
      return { status: 400, message };
    }
    request.url = target;
    return this.#refusalOfHost(request.headers.host);
  }

  #refusalOfHost(host: string | undefined): Refusal | null {
    // HTTP/1.0 needs none, and browsers, which are to be kept from other names, always send it.
    if (!host) return null;
    if (host === this.#lastHost.host) return this.#lastHost.refusal;
    const refusal = this.#lookAtHost(host);
    this.#lastHost = { host, refusal };
    return refusal;
  }

  #lookAtHost(host: string): Refusal | null {
    const hostname = hostnameOf(host);
    if (hostname === null) {
      const message = 'The Host header must name a host, such as 127.0.0.1:4000.';
      return { status: 400, message };
    }
    if (this.#answersTo(hostname)) return null;
    const message =
      `This server does not answer to ${hostname}. ` +
      `Start it with --allowed-host ${hostname} if that name leads to it.`;
    return { status: 421, message };
  }
}

/**
 * The path that a request's target asks for, as RFC 9112, section 3.2, has it: an address in full,
 * as proxies are sent, is taken by its path, whatever it names; `*` is itself.
 * @returns null for what is none of these.
 */
function pathOf(target: string): string | null {
  if (target === '*' || target.startsWith('/')) return target;
  const [, path] = /^https?:\/\/[^/?#]+([/?].*)?$/i.exec(target) ?? [null, null];
  if (path === null) return null;
  if (path === undefined) return '/';
  return path.startsWith('/') ? path : `/${path}`;
}
