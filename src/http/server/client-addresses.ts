/**
 * Where a client is, which may be behind proxies. A header tells it, that anybody can send: it is
 * believed as far as the proxies are that wrote it.
 */
import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import { blocksOf, holds, plainAddress } from './address-blocks.ts';

/** The headers by which proxies tell for whom they ask: the usual one, and that of RFC 7239. */
export const clientAddressHeaders = ['x-forwarded-for', 'forwarded'] as const;

export type ClientAddressHeader = (typeof clientAddressHeaders)[number];

export class ClientAddresses {
  readonly #proxies: BlockList;
  readonly #header: ClientAddressHeader;

  /**
   * @param proxies the addresses, or blocks of them, of proxies that are believed.
   * @param header the one that they write. The other is the client’s own, whatever it says.
   */
  constructor(proxies: readonly string[] = [], header: ClientAddressHeader = 'x-forwarded-for') {
    this.#proxies = blocksOf(proxies);
    this.#header = header;
  }

  /**
   * The address of a request’s client, by which it is counted. One network of version 6 (/64) is one
   * client: whoever has one has all of its addresses.
   */
  of({ socket, headers }: IncomingMessage): string {
    let address = plainAddress(socket.remoteAddress ?? '');
    if (!isIP(address)) return address;
    const told = String(headers[this.#header] ?? '').split(',');
    // Each proxy adds whom it was asked by, so what is believed ends with the first stranger.
    while (holds(this.#proxies, address)) {
      const before = this.#addressIn(told.pop() ?? '');
      if (before === null) break;
      address = before;
    }
    return isIP(address) === 6 ? networkOf(address) : address;
  }

  /** What one element of the header tells; null where it is no address, such as `unknown`. */
  #addressIn(element: string): string | null {
    const node =
      this.#header === 'forwarded'
        ? (/(?:^|;)\s*for\s*=\s*"?([^";\s]*)/i.exec(element)?.[1] ?? '')
        : element.trim();
    // With its port, or without.
    const [, six, four] = /^(?:\[(.*)\](?::\w+)?|([\d.]+):\w+)$/.exec(node) ?? [];
    const address = plainAddress(six ?? four ?? node);
    return isIP(address) ? address : null;
  }
}

/** The first half of an address of version 6, as URLs write it. */
function networkOf(address: string): string {
  const [known = ''] = address.split('%');
  const shortest = new URL(`http://[${known}]`).hostname.slice(1, -1);
  const [begin = '', end] = shortest.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = end === undefined ? 0 : 8 - begin.length - end.length;
  const parts = [...begin, ...Array(zeros).fill('0'), ...(end ?? [])];
  return `${parts.slice(0, 4).join(':')}::/64`;
}
