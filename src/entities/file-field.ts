/**
 * A field that holds a file. Its bytes are kept once per SHA-256, apart from the versions; a version
 * has their size and SHA-256, which are plain fields (`stored-fields.ts`).
 */

export type FilePresence = 'optional' | 'required';

export interface FileField<
  Given extends FilePresence = FilePresence,
  IsRecord extends boolean = boolean,
> {
  readonly kind: 'file';
  readonly presence: Given;
  readonly description: string;
  /** Whether the record is the file: its parts are called `size` and `data`, not `photoSize`. */
  readonly isRecord: IsRecord;
  /** The field that has its name; null where it has none of its own. */
  readonly filename: string | null;
  /** The field that tells its type; null where its name alone does. */
  readonly filetype: string | null;
}

interface FileOptions {
  readonly description: string;
  readonly required?: boolean;
  readonly isRecord?: boolean;
  readonly filename?: string;
  readonly filetype?: string;
}

/**
 * A file: null when it was never given, unless it is required.
 * @param options isRecord: the record is the file, as a LakeFile is; filename: the field of the entity
 *   that has the file's name; filetype: the one that tells its type, an extension such as "csv" or a
 *   media type such as "text/csv".
 */
export function fileField<const O extends FileOptions>(
  options: O,
): FileField<
  O extends { required: true } ? 'required' : 'optional',
  O extends { isRecord: true } ? true : false
> {
  return Object.freeze({
    kind: 'file',
    presence: (options.required ? 'required' : 'optional') as never,
    description: options.description,
    isRecord: (options.isRecord ?? false) as never,
    filename: options.filename ?? null,
    filetype: options.filetype ?? null,
  });
}
