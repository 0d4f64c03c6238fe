/** What a file is, by its filetype or else by its name. */
interface Named {
  readonly filename: string;
  readonly filetype: string | null;
}

const images = /^(?:image\/)?(?:png|jpe?g|gif|webp|avif|svg(?:\+xml)?)$/;
const tables =
  /^(?:csv|tsv|tab(?:-separated-values)?|(?:geo\+?)?json|(?:x-)?ndjson|jsonl|(?:vnd\.apache\.)?parquet|xlsx|vnd\.openxmlformats-officedocument\.spreadsheetml\.sheet)$/;

/** Whether browsers show it as a picture. */
export function isImage(file: Named): boolean {
  return images.test(kindOf(file));
}

/** Whether it may be a table: the server knows, once it is asked for its rows. */
export function isTable(file: Named): boolean {
  return tables.test(kindOf(file));
}

export function isJson(file: Named): boolean {
  return /^(?:geo\+?)?json$/.test(kindOf(file));
}

function kindOf({ filename, filetype }: Named): string {
  const [said] = (filetype ?? '').toLowerCase().split(';', 1);
  const known = said?.trim().replace(/^(?:\.|text\/|application\/)/, '') ?? '';
  if (images.test(known) || tables.test(known)) return known;
  const [, extension] = /\.([a-z]+)(?:\.gz)?$/.exec(filename.toLowerCase()) ?? [];
  return extension ?? known;
}
