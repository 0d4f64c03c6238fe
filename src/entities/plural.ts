/** Plurals and singulars of names, by one rule wherever a name is made of another. */

/** `priority` as `priorities`, `weight` as `weights`, `box` as `boxes`. */
export function pluralOf(name: string): string {
  if (/[^aeiou]y$/i.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/i.test(name) ? `${name}es` : `${name}s`;
}

/** `labels` as `label`, `categories` as `category`. */
export function singularOf(name: string): string {
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`;
  return /[^s]s$/.test(name) ? name.slice(0, -1) : name;
}

/** The records of an entity in a sentence: `Todos`, `Categories`. */
export function recordsName({ plural }: { readonly plural: string }): string {
  return plural.charAt(0).toUpperCase() + plural.slice(1);
}
