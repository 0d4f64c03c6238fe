/** What is special to files: contents in and out, and being found by path and filename. */
import type { InputRef, ObjectRef } from '@pothos/core';
import { LakeFile } from '../entities/index.ts';
import {
  answerLimits,
  downloadUrl,
  type LakeFileVersion,
  lakeFileCreateSteps,
  lakeFileUpdateSteps,
  lakePathExists,
  type RecordAt,
  readBytes,
  readLakeFileByPath,
  readText,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes, InputBuilder } from './builder.ts';
import type { EntityTypes, SchemaExtension } from './extension.ts';
import type { SharedInputs } from './inputs.ts';

type FileAt = RecordAt<typeof LakeFile>;

/** How many bytes `data` and `text` give when nothing else is said. */
const maxBytesDefault = 1_048_576;

const mebibytes = answerLimits.answerContentsBytesMax / 1024 / 1024;
const together = `All \`data\` and \`text\` of one operation come to at most ${mebibytes} MiB.`;

/** The extension of LakeFile; made anew for each schema, as its input types belong to one. */
export function lakeFileExtension(builder: Builder): SchemaExtension {
  const match = builder.inputType('LakeFileMatch', {
    description: 'A file by its name; a null, or nothing, matches only a null.',
    fields: (t) => ({
      filename: t.string({ required: true, description: 'Its name within the folder.' }),
      path: t.string({ description: 'Its folder; null is the root.' }),
      userId: t.id({ description: 'Whose file it is; null is nobody’s in particular.' }),
    }),
  });
  return {
    entity: LakeFile,
    createSteps: lakeFileCreateSteps,
    updateSteps: lakeFileUpdateSteps,
    createInputs: (t) => contentsInputs(t, 'Exactly one of `data` and `text` is given.'),
    updateInputs: (t) => ({
      match: t.field({
        type: match as InputRef<unknown>,
        description: 'The file by name, when `id` is not given.',
      }),
      ...contentsInputs(
        t,
        'At most one of `data` and `text` is given; without, the contents stay.',
      ),
    }),
    updateIdOptional: true,
    // Each may bring contents of its own, which do not fit into one request by the thousand.
    bulk: false,
    addFields: (_builder, types, inputs) => {
      addVersionFields(builder, types);
      addRecordFields(builder, types.record as ObjectRef<BuilderTypes, FileAt>);
      addQueries(builder, types.record as ObjectRef<BuilderTypes, FileAt>, inputs);
    },
  };
}

function contentsInputs(t: InputBuilder, rule: string) {
  return {
    data: t.field({ type: 'Base64', description: `The contents as bytes. ${rule}` }),
    text: t.string({ description: `The contents as text, kept as UTF-8. ${rule}` }),
  };
}

const downloadDescription =
  'The relative URL of the bytes of this revision. Where it is asked who one is, it is signed: it ' +
  'opens without a token, for a while.';

function addVersionFields(builder: Builder, { version }: EntityTypes): void {
  builder.objectField(version as ObjectRef<BuilderTypes, LakeFileVersion>, 'downloadUrl', (t) =>
    t.string({
      description: downloadDescription,
      resolve: (parent, _args, { operation }) => downloadUrl(parent, operation),
    }),
  );
}

function addRecordFields(builder: Builder, record: ObjectRef<BuilderTypes, FileAt>): void {
  builder.objectFields(record, (t) => {
    const maxBytes = t.arg.int({
      defaultValue: maxBytesDefault,
      description: 'Answer null with an error when the file is larger than this many bytes.',
    });
    return {
      downloadUrl: t.string({
        description: downloadDescription,
        resolve: ({ version }, _args, { operation }) => downloadUrl(version, operation),
      }),
      data: t.field({
        type: 'Base64',
        nullable: true,
        description: `The contents as bytes; null with an error when larger than \`maxBytes\`. ${together}`,
        args: { maxBytes },
        resolve: ({ version }, args, { operation }) =>
          readBytes(version, args.maxBytes ?? maxBytesDefault, operation),
      }),
      text: t.string({
        nullable: true,
        description: `The contents as text; null when they are not UTF-8. ${together}`,
        args: { maxBytes },
        resolve: ({ version }, args, { operation }) =>
          readText(version, args.maxBytes ?? maxBytesDefault, operation),
      }),
    };
  });
}

function addQueries(
  builder: Builder,
  record: ObjectRef<BuilderTypes, FileAt>,
  inputs: SharedInputs,
): void {
  builder.queryFields((t) => {
    const folder = {
      path: t.arg.string({ description: 'The folder; null is the root.' }),
      userId: t.arg.id({ description: 'Whose file it is; null is nobody’s in particular.' }),
      asOf: t.arg({ type: inputs.asOf, description: 'As it was at this moment.' }),
    };
    return {
      lakeFileByPath: t.field({
        type: record,
        nullable: true,
        description: 'The file with a name in a folder; null when there is none.',
        args: {
          filename: t.arg.string({ required: true, description: 'Its name within the folder.' }),
          ...folder,
        },
        resolve: (_root, args, { operation }) => readLakeFileByPath(args, operation),
      }),
      lakePathExists: t.boolean({
        description: 'Whether any file lies in a folder.',
        args: folder,
        resolve: (_root, args, { operation }) => lakePathExists(args, operation),
      }),
    };
  });
}
