/** The fields that versions have: what an entity was defined by, with the parts of its files. */
import { type Field, type FieldMap, field } from './field.ts';
import type { FileField, FilePresence } from './file-field.ts';

/** What an entity is defined by: fields, and files. */
export type DefinedFields = Readonly<Record<string, Field | FileField>>;

/** A file of an entity, and what its parts are called. */
export interface EntityFile {
  /** As it was defined. */
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly isRecord: boolean;
  /** The field that has its name; null where it has none of its own. */
  readonly filename: string | null;
  /** The field that tells its type; null where its name alone does. */
  readonly filetype: string | null;
  /** The fields of a version that tell of it. */
  readonly size: string;
  readonly sha256: string;
  /** What the API calls its bytes, in answers and inputs, and the URL that leads to them. */
  readonly data: string;
  readonly text: string;
  /** The input of a file that comes with the operation. */
  readonly upload: string;
  readonly downloadUrl: string;
}

type PartOf<Name, F, Part extends string> =
  F extends FileField<FilePresence, true> ? Part : `${Name & string}${Capitalize<Part>}`;

type FileNames<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends FileField ? Name : never;
}[keyof Fields];

type Stored<Fields extends DefinedFields> = {
  readonly [Name in Exclude<keyof Fields, FileNames<Fields>>]: Fields[Name];
} & {
  readonly [Name in FileNames<Fields> as PartOf<Name, Fields[Name], 'size'>]: Field<
    'int64',
    Fields[Name]['presence']
  >;
} & {
  readonly [Name in FileNames<Fields> as PartOf<Name, Fields[Name], 'sha256'>]: Field<
    'text',
    Fields[Name]['presence']
  >;
};

/** The fields that versions have: those that were defined, and two for each file. */
export type StoredFields<Fields extends DefinedFields> = {
  readonly [Name in keyof Stored<Fields>]: Stored<Fields>[Name];
} extends infer All extends FieldMap
  ? All
  : never;

/** The files among fields, with the names of their parts. */
export function filesOf(fields: DefinedFields): readonly EntityFile[] {
  return Object.entries(fields).flatMap(([name, { kind, ...file }]) =>
    kind === 'file' ? [entityFile(name, file as FileField)] : [],
  );
}

function entityFile(
  name: string,
  { presence, description, isRecord, filename, filetype }: FileField,
): EntityFile {
  const part = (what: string) =>
    isRecord ? what : `${name}${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  return Object.freeze({
    name,
    required: presence === 'required',
    description,
    isRecord,
    filename,
    filetype,
    size: part('size'),
    sha256: part('sha256'),
    data: part('data'),
    text: part('text'),
    upload: isRecord ? 'file' : name,
    downloadUrl: part('downloadUrl'),
  });
}

/** The fields that versions have, in the order in which they were defined. */
export function storedFields(fields: DefinedFields): FieldMap {
  const files = new Map(filesOf(fields).map((file) => [file.name, file]));
  const stored = Object.entries(fields).flatMap(([name, defined]): [string, Field][] => {
    const file = files.get(name);
    return file ? partsOf(file) : [[name, defined as Field]];
  });
  return Object.freeze(Object.fromEntries(stored));
}

function partsOf(file: EntityFile): [string, Field][] {
  const of = file.isRecord ? 'the contents' : file.name;
  const { required } = file;
  const size = field.int64({
    description: `Length of ${of} in bytes.`,
    required,
    derived: true,
    min: 0,
  });
  const sha256 = field.text({
    description: `SHA-256 of ${of}, in hexadecimal.`,
    required,
    derived: true,
    contents: true,
    lengthMax: 64,
  });
  return [
    [file.size, size],
    [file.sha256, sha256],
  ];
}

/** What is wrong with an entity's files, as the end of a sentence; null when nothing is. */
export function findFilesDefect(defined: DefinedFields): string | null {
  const owners = new Map(
    Object.entries(defined).flatMap(([name, { kind }]) => (kind === 'file' ? [] : [[name, name]])),
  );
  for (const file of filesOf(defined)) {
    for (const [what, from] of [
      ['name', file.filename],
      ['type', file.filetype],
    ] as const) {
      if (from !== null && defined[from]?.kind !== 'text') {
        return `its file "${file.name}" has its ${what} from "${from}", which is no field that holds a text.`;
      }
    }
    for (const name of [
      file.size,
      file.sha256,
      file.data,
      file.text,
      file.upload,
      file.downloadUrl,
    ]) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        return `its file "${file.name}" needs the name "${name}", which "${owner}" has. Rename one of them.`;
      }
      owners.set(name, file.name);
    }
  }
  return null;
}
