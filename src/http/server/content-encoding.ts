/**
 * Bodies that come packed, by gzip or otherwise: none is unpacked here, and what is stored as it came would
 * be another file than the one that was meant.
 */
import { listElements } from './media-types.ts';

/**
 * Why a body is not taken, and what to tell of it: RFC 9110, sections 8.4, 12.5.3 and 15.5.16, and RFC 9112,
 * section 6.1.
 */
export interface EncodingRefusal {
  readonly status: 415 | 501;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @returns null where a body comes as it is. */
export function encodingRefusal(headers: Headers): EncodingRefusal | null {
  for (const { name, plain, ...refusal } of encodings) {
    const encoding = headers.get(name) ?? '';
    if (listElements(encoding).every((each) => plain.includes(each.toLowerCase()))) continue;
    const got = JSON.stringify(encoding.slice(0, 80));
    return { ...refusal, message: `The body must be sent as it is, but its ${name} was ${got}.` };
  }
  return null;
}

/** A header by which a body may come packed. */
interface Encoding extends Omit<EncodingRefusal, 'message'> {
  readonly name: string;
  /** What leaves it as it is. */
  readonly plain: readonly string[];
}

const encodings: readonly Encoding[] = [
  {
    name: 'content-encoding',
    plain: ['identity'],
    status: 415,
    headers: Object.freeze({ 'accept-encoding': 'identity' }),
  },
  {
    name: 'transfer-encoding',
    plain: ['chunked', 'identity'],
    status: 501,
    headers: Object.freeze({}),
  },
];
