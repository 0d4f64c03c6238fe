/**
 * Bodies that come packed, by gzip or otherwise: none is unpacked here, and what is stored as it came would
 * be another file than the one that was meant.
 */
import { listElements } from './media-types.ts';

/** Why a body is not taken, and what to tell of it: RFC 9110, sections 8.4, 12.5.3 and 15.5.16. */
export interface EncodingRefusal {
  readonly status: 415;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @returns null where a body comes as it is. */
export function encodingRefusal(headers: Headers): EncodingRefusal | null {
  const encoding = headers.get('content-encoding') ?? '';
  if (listElements(encoding).every((each) => each.toLowerCase() === 'identity')) return null;
  const got = JSON.stringify(encoding.slice(0, 80));
  return {
    status: 415,
    message: `The body must be sent as it is, but its content-encoding was ${got}.`,
    headers: { 'accept-encoding': 'identity' },
  };
}
