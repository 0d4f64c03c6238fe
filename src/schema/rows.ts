/**
 * How many objects a list may have, said where the field is defined, so that an operation can be
 * refused before it runs (src/http/operation-nodes.ts). A field with an object below it says it for
 * the list that this holds, which is marked as its page.
 */

/** A question about a table is as much work as so many objects: a process is asked, for a while perhaps. */
export const tableWork = { work: 1_000 } as const;

/** A proof is made of the digests of some thousand versions around the one that is proven. */
export const proofWork = { work: 50 } as const;

type Args = Readonly<Record<string, unknown>>;

/** Marks the list of objects that a page is made of. */
export const pageRows = { rows: 'page' } as const;

/** A page of a connection: `first` or `last`; 50 without, unless the schema has another default. */
export const pagingRows = rowsOf(({ first, last }) => last ?? first ?? 50);

/** As many as some argument has items. */
export function rowsOfInputs(name: string) {
  return rowsOf(({ [name]: inputs }) => (Array.isArray(inputs) ? inputs.length : 1));
}

/** @param count told the arguments as they came, before anything is known of their types. */
export function rowsOf(count: (args: Args) => unknown) {
  return { rows: (args: Args) => Math.max(Number(count(args)) || 0, 0) };
}
