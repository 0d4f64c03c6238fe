/** Conditions of requests on what is there, as RFC 9110, section 13, has them. */
import { parseHttpDate } from './http-date.ts';

/** What tells one state of something from another. */
export interface Validators {
  /** Strong, in quotes. */
  readonly etag: string;
  /** Since when it is as it is, in milliseconds since 1970; whole seconds. */
  readonly lastModifiedMs: number;
}

/**
 * What a GET or HEAD comes to by its conditions, in the order of section 13.2.2.
 * @returns 412 where it is not what the client wants it to be, 304 where the client has it already; null
 *   where it is to be answered.
 */
export function statusByConditions(headers: Headers, validators: Validators): 304 | 412 | null {
  const { etag, lastModifiedMs } = validators;
  const ifMatch = headers.get('if-match');
  if (ifMatch !== null) {
    if (!matchesTag(ifMatch, etag)) return 412;
  } else {
    const unmodifiedSince = dateIn(headers, 'if-unmodified-since');
    if (unmodifiedSince !== null && lastModifiedMs > unmodifiedSince) return 412;
  }
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== null) return isHeld(ifNoneMatch, etag) ? 304 : null;
  const modifiedSince = dateIn(headers, 'if-modified-since');
  return modifiedSince !== null && lastModifiedMs <= modifiedSince ? 304 : null;
}

/**
 * Whether an If-None-Match header names a tag. A proxy that compresses answers makes their tags
 * weak; the comparison for this header does not mind.
 */
export function namesTag(ifNoneMatch: string, entityTag: string): boolean {
  const opaque = withoutWeakness(entityTag);
  return tagsIn(ifNoneMatch).some((each) => withoutWeakness(each) === opaque);
}

/** Whether a client has what there is already, by its If-None-Match: then the answer is 304. */
export function isHeld(ifNoneMatch: string | null, entityTag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.trim() === '*' || namesTag(ifNoneMatch, entityTag);
}

/**
 * Whether Range may be heeded: whoever has a part of something else wants the whole.
 * @param ifRange must be the very tag, not made weak, or the very date: whoever sends a date was told
 *   it in a later second, in which nothing else can have been of that date.
 */
export function isRangeWanted(
  ifRange: string | null,
  { etag, lastModifiedMs }: Validators,
): boolean {
  if (ifRange === null) return true;
  const wanted = ifRange.trim();
  return wanted === etag || parseHttpDate(wanted) === lastModifiedMs;
}

/** Whether an If-Match header names a tag: here a tag that was made weak is none. */
export function matchesTag(ifMatch: string, entityTag: string): boolean {
  return ifMatch.trim() === '*' || tagsIn(ifMatch).includes(entityTag);
}

function tagsIn(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

/** What is no date is as if it was not there. */
function dateIn(headers: Headers, name: string): number | null {
  return parseHttpDate(headers.get(name)?.trim() ?? '');
}

function withoutWeakness(entityTag: string): string {
  return entityTag.replace(/^W\//, '');
}
