/** Values of tables, and their types, as cells show them. */

/** Longer values are shown by their beginning: a cell of JSON may hold a whole document. */
const cellSignsShown = 300;

export function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > cellSignsShown ? `${text.slice(0, cellSignsShown)}…` : text;
}

/** Whether a type of DuckDB is one of numbers. */
export function isNumber(type: string): boolean {
  return /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

/** Types of nested values may be longer than all of them. */
export function shortType(type: string): string {
  const [first = type] = type.split('(', 1);
  return (type.endsWith('[]') && !first.endsWith('[]') ? `${first}[]` : first).toLowerCase();
}
