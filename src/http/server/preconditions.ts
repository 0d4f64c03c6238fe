/** Entity tags in requests, as RFC 9110, section 13, has them. */

/**
 * Whether an If-None-Match header names a tag. A proxy that compresses answers makes their tags
 * weak; the comparison for this header does not mind.
 */
export function namesTag(ifNoneMatch: string, entityTag: string): boolean {
  const opaque = withoutWeakness(entityTag);
  const named = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return named.some((each) => withoutWeakness(each) === opaque);
}

/** Whether a client has what there is already, by its If-None-Match: then the answer is 304. */
export function isHeld(ifNoneMatch: string | null, entityTag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.trim() === '*' || namesTag(ifNoneMatch, entityTag);
}

/**
 * Whether Range may be heeded: whoever has a part of something else wants the whole.
 * @param ifRange must be the very tag, not made weak; a date is never right, as we tell none.
 */
export function isRangeWanted(ifRange: string | null, entityTag: string): boolean {
  return ifRange === null || ifRange.trim() === entityTag;
}

function withoutWeakness(entityTag: string): string {
  return entityTag.replace(/^W\//, '');
}
