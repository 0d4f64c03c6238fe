/** LakeFile: a file kept in the lake. Its bytes are kept apart, once per SHA-256. */
import { defineEntity } from './entity.ts';
import { field } from './field.ts';

export const LakeFile = defineEntity({
  name: 'LakeFile',
  table: 'lake',
  description: 'A file kept in the lake, every content it ever had included.',
  fields: {
    userId: field.id({ description: 'Whose file it is; null when it is nobody’s in particular.' }),
    path: field.text({
      description: 'The folder. Null is the root, and distinct from the empty text.',
      lengthMax: 4_096,
    }),
    filename: field.text({
      description:
        'The name within the folder; unique there for its user, character for character: the same ' +
        'letters composed differently (NFC, NFD) are another name.',
      required: true,
      lengthMax: 1_024,
    }),
    filetype: field.text({
      description: 'The type of its contents: an extension (“csv”, say) or a media type.',
      lengthMax: 256,
    }),
    version: field.int({
      description: 'A label of the caller’s own; `revision` is the server’s count.',
    }),
    status: field.text({ description: 'Its state, in words of your own.', lengthMax: 256 }),
    description: field.text({ description: 'Notes on the file.' }),
    labels: field.labels({ description: 'Labels, each free text; commas included.' }),
    contents: field.file({
      description: 'Its bytes.',
      required: true,
      isRecord: true,
      filename: 'filename',
      filetype: 'filetype',
    }),
  },
  uniqueKey: ['userId', 'path', 'filename'],
  searchFields: ['path', 'filename', 'description', 'labels'],
  groups: { by: ['filetype', 'path', 'userId', 'status', 'labels'], totals: ['size'] },
  owner: 'userId',
});
