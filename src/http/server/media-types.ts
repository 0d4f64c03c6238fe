/** Media types as Content-Type and Accept name them: RFC 9110, sections 5.6.6, 8.3.1 and 12.5.1. */
import { LRUCache } from 'lru-cache';

export interface MediaType {
  /** Such as `application/json`, in lower case; in Accept either half may be a star. */
  readonly type: string;
  /** By name in lower case; values as they were, without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** One of the types that Accept names, and how much it is wanted: from 0, not at all, to 1. */
interface AcceptedType extends MediaType {
  readonly quality: number;
}

export interface Preference {
  readonly type: string;
  readonly quality: number;
}

/** What headers were read to be: most clients send the same again and again. */
const known = {
  mediaTypes: new LRUCache<string, { readonly media: MediaType | null }>({ max: 100 }),
  accepted: new LRUCache<string, readonly AcceptedType[]>({ max: 100 }),
};

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const typeForm = new RegExp(`^${token}/${token}$`);
const parameterForm = new RegExp(`^(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")$`, 's');

/** @returns the media type that a Content-Type names; null when it is none. */
export function parseMediaType(header: string): MediaType | null {
  const read = known.mediaTypes.get(header) ?? { media: readMediaType(header) };
  known.mediaTypes.set(header, read);
  return read.media;
}

function readMediaType(header: string): MediaType | null {
  const [type = '', ...rest] = splitAt(';', header);
  if (!typeForm.test(type)) return null;
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [, name, plain, quoted = ''] = parameterForm.exec(parameter) ?? [];
    if (name === undefined || parameters.has(name.toLowerCase())) return null;
    parameters.set(name.toLowerCase(), plain ?? quoted.replace(/\\(.)/gs, '$1'));
  }
  return { type: type.toLowerCase(), parameters };
}

/**
 * Which of some types Accept wants most; between equals, the one that it names first.
 * @param accept null when the header is missing: then anything is wanted.
 * @param offered types in the order in which they are given to whoever takes anything.
 * @returns null when it wants none of them.
 */
export function preferred(accept: string | null, offered: readonly string[]): Preference | null {
  const accepted = parseAccept(accept?.trim() || '*/*');
  let best: (Preference & { readonly place: number }) | null = null;
  for (const type of offered) {
    const range = rangeOf(type, accepted);
    if (!range || range.quality === 0) continue;
    const place = accepted.indexOf(range);
    const isBetter =
      !best ||
      range.quality > best.quality ||
      (range.quality === best.quality && place < best.place);
    if (isBetter) best = { type, quality: range.quality, place };
  }
  return best && { type: best.type, quality: best.quality };
}

/** The elements of a list that is separated by commas, without those that are empty. */
export function listElements(header: string): string[] {
  return splitAt(',', header);
}

/** What is malformed is not wanted, and neither is text in another encoding than ours. */
function parseAccept(header: string): readonly AcceptedType[] {
  const read = known.accepted.get(header) ?? readAccept(header);
  known.accepted.set(header, read);
  return read;
}

function readAccept(header: string): AcceptedType[] {
  return listElements(header).flatMap((element) => {
    const media = parseMediaType(element);
    const weight = media?.parameters.get('q') ?? '1';
    if (!media || !/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight)) return [];
    const charset = media.parameters.get('charset');
    if (charset !== undefined && !isUtf8(charset)) return [];
    return { ...media, quality: Number(weight) };
  });
}

/** The most specific range that a type falls into. */
function rangeOf(type: string, accepted: readonly AcceptedType[]): AcceptedType | undefined {
  const ranges = [type, `${type.split('/')[0]}/*`, '*/*'];
  for (const range of ranges) {
    const found = accepted.find((each) => each.type === range);
    if (found) return found;
  }
  return undefined;
}

/** Whether a charset is UTF-8, under any of the names that the Encoding Standard has for it. */
export function isUtf8(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding === 'utf-8';
  } catch {
    return false;
  }
}

/** Splits at a sign that stands outside of quotes. */
function splitAt(separator: ',' | ';', text: string): string[] {
  const part =
    separator === ',' ? /(?:"(?:[^"\\]|\\.)*"?|[^",])+/gs : /(?:"(?:[^"\\]|\\.)*"?|[^";])+/gs;
  return (text.match(part) ?? []).map((each) => each.trim()).filter((each) => each !== '');
}
