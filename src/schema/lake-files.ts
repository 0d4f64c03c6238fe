/** What is special to files of the lake: being found by path and filename. */
import type { InputRef, ObjectRef } from '@pothos/core';
import { LakeFile } from '../entities/index.ts';
import {
  lakeFileUpdateSteps,
  lakePathExists,
  type RecordAt,
  readLakeFileByPath,
} from '../resolvers/index.ts';
import type { Builder, BuilderTypes } from './builder.ts';
import { plainExtension, type SchemaExtension } from './extension.ts';
import type { SharedInputs } from './inputs.ts';
import { addLakeTables } from './lake-tables.ts';

type FileAt = RecordAt<typeof LakeFile>;

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
    ...plainExtension(LakeFile),
    updateSteps: lakeFileUpdateSteps,
    updateInputs: (t) => ({
      match: t.field({
        type: match as InputRef<unknown>,
        description: 'The file by name, when `id` is not given.',
      }),
    }),
    updateIdOptional: true,
    addFields: (_builder, types, inputs) => {
      const record = types.record as ObjectRef<BuilderTypes, FileAt>;
      addQueries(builder, record, inputs);
      addLakeTables(builder, record, inputs);
    },
  };
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
