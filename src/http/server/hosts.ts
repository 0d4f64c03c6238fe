/**
 * The names that this server is asked by. A page elsewhere may have its own name lead to this
 * machine (DNS rebinding); its browser then takes it for this server's page, and lets it read and
 * write everything. The name that it was asked by is what gives it away.
 */
import { isIP } from 'node:net';

/** Whether the server answers to a name, as the hostname of a URL has it. */
export type HostRule = (hostname: string) => boolean;

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * On loopback the server answers to the names of this machine alone. On any other address it
 * answers to addresses besides, since none of them can be made to lead elsewhere.
 * @param listening the address, or the name of one, that it listens on: it answers to that too.
 * @param allowed other names that lead to it.
 */
export function hostRule(listening: string, allowed: readonly string[]): HostRule {
  const own = nameOf(listening);
  const names = new Set([...loopbackNames, own, ...allowed]);
  const local = isLoopback(listening);
  const isAddress = (hostname: string) => isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return (hostname) => names.has(hostname) || (!local && isAddress(hostname));
}

/** Whether what listens on an address, or the name of one, is reached from this machine alone. */
export function isLoopback(listening: string): boolean {
  const name = nameOf(listening);
  // A name that begins as such an address does may lead anywhere.
  return (isIP(name) === 4 && name.startsWith('127.')) || loopbackNames.includes(name);
}

function nameOf(listening: string): string {
  return hostnameOf(isIP(listening) === 6 ? `[${listening}]` : listening) ?? listening;
}

/** The name in a Host header, in the one form that URLs give it; null when it is none. */
export function hostnameOf(host: string): string | null {
  // Signs that would end the host in a URL or stand before it, and one that stands for any.
  if (/[/?#@*\\]/.test(host) || !URL.canParse(`http://${host}`)) return null;
  return new URL(`http://${host}`).hostname;
}
