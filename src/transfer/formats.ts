/** The formats of files that rows are written to, and read from. */

export const formats = ['parquet', 'csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** The format that a file's name tells; null where it tells none. */
export function formatOf(path: string): Format | null {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (extension === 'jsonl') return 'ndjson';
  return formats.find((format) => format === extension) ?? null;
}
