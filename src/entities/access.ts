/** Who may see and write which records of a kind: rules of access. */
import type { Viewer } from './viewer.ts';

/**
 * Which records: all of them, none, or those that a filter admits. The filter is one as clients give
 * it, but for `includeDeleted`: of a deleted record counts what it held.
 */
export type AccessRule = 'all' | 'none' | Readonly<Record<string, unknown>>;

/** What a viewer may do with records of a kind. */
export interface Access {
  /** Which versions they see. */
  readonly read: AccessRule;
  /** Of those which ones they may supersede, and leave behind. */
  readonly write: AccessRule;
}

/** A rule of access: it is worked out for whoever asks, from what their token says now. */
export type AccessOf = (viewer: Viewer) => Access;

/** Whoever has it sees and writes everything. */
export const adminRole = 'admin';

/** Yours is what names you in a field. */
export function ownersOnly(field: string): AccessOf {
  return ({ id }) => ({ read: { [field]: { eq: id } }, write: { [field]: { eq: id } } });
}
