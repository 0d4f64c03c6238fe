/** Files of records: their bytes and URLs in answers, and bytes in inputs. */
import type { ObjectRef } from '@pothos/core';
import type { Entity, EntityFile, Version } from '../entities/index.ts';
import {
  answerLimits,
  downloadUrl,
  type RecordAt,
  readBytes,
  readText,
  storedFile,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes, InputBuilder } from './builder.ts';
import type { EntityTypes, InputFields } from './extension.ts';

/** How many bytes a field gives when nothing else is said. */
const maxBytesDefault = 1_048_576;

const mebibytes = answerLimits.answerContentsBytesMax / 1024 / 1024;
const together = `All contents of files in one operation come to at most ${mebibytes} MiB.`;

/** The inputs of an entity's files. @param forCreate also says which files must be given. */
export function fileInputs(t: InputBuilder, entity: Entity, forCreate: boolean): InputFields {
  return Object.assign({}, ...entity.files.map((file) => inputsOf(t, file, forCreate)));
}

function inputsOf(t: InputBuilder, file: EntityFile, forCreate: boolean): InputFields {
  const all = `\`${file.upload}\`, \`${file.data}\` and \`${file.text}\``;
  const rule =
    forCreate && file.required
      ? `Exactly one of ${all} is given.`
      : `At most one of ${all} is given${forCreate ? '.' : '; without, the contents stay.'}`;
  const cleared = file.required || forCreate ? '' : ' Null takes the file away.';
  return {
    [file.upload]: t.field({
      type: 'File',
      description: `${contentsOf(file)} as a part of a multipart request. ${rule}${cleared}`,
    }),
    [file.data]: t.field({
      type: 'Base64',
      description: `${contentsOf(file)} as bytes. ${rule}${cleared}`,
    }),
    [file.text]: t.string({
      description: `${contentsOf(file)} as text, kept as UTF-8. ${rule}${cleared}`,
    }),
  };
}

/** Adds the fields of an entity's files to its types. */
export function addFileFields(
  builder: Builder,
  { files }: Entity,
  { record, version }: EntityTypes,
): void {
  for (const file of files) {
    addUrl(builder, version, file, (parent) => parent);
    addUrl(builder, record, file, (parent) => parent.version);
    addBytes(builder, record, file);
  }
}

function contentsOf({ isRecord, description }: EntityFile): string {
  return isRecord ? 'The contents' : description.replace(/\.$/, '');
}

function addUrl<Parent>(
  builder: Builder,
  ref: ObjectRef<BuilderTypes, Parent>,
  file: EntityFile,
  versionOf: (parent: Parent) => Version,
): void {
  builder.objectField(ref, file.downloadUrl, (t) =>
    t.string({
      nullable: !file.required,
      description:
        'The relative URL of the bytes of this revision, to be saved; with `inline` as a parameter browsers ' +
        'show what is safe to be shown. Where it is asked who one is, it is signed: it opens without a ' +
        'token, for a while. docs/lake.md tells of URLs of the file as it is now, and of its folder.',
      resolve: (parent, _args, { operation }) => {
        const stored = storedFile(versionOf(parent), file);
        return (stored && downloadUrl(stored, operation)) as string;
      },
    }),
  );
}

function addBytes(
  builder: Builder,
  record: ObjectRef<BuilderTypes, RecordAt>,
  file: EntityFile,
): void {
  builder.objectFields(record, (t) => {
    const maxBytes = t.arg.int({
      defaultValue: maxBytesDefault,
      description: 'Answer null with an error when the file is larger than this many bytes.',
    });
    return {
      [file.data]: t.field({
        type: 'Base64',
        nullable: true,
        description: `${contentsOf(file)} as bytes; null with an error when larger than \`maxBytes\`. ${together}`,
        args: { maxBytes },
        resolve: ({ version }, args, { operation }) => {
          const stored = storedFile(version, file);
          return stored && readBytes(stored, args.maxBytes ?? maxBytesDefault, operation);
        },
      }),
      [file.text]: t.string({
        nullable: true,
        description: `${contentsOf(file)} as text; null when they are not UTF-8. ${together}`,
        args: { maxBytes },
        resolve: ({ version }, args, { operation }) => {
          const stored = storedFile(version, file);
          return stored && readText(stored, args.maxBytes ?? maxBytesDefault, operation);
        },
      }),
    };
  });
}
