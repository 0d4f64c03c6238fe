/** Notes: a kind of record of one's own. Serve it with `everstate serve --entities ./notes.ts`. */
import { defineEntity, field } from 'everstate';

export const Note = defineEntity({
  name: 'Note',
  description: 'Something worth remembering.',
  fields: {
    title: field.text({ description: 'What it is about.', required: true, lengthMax: 200 }),
    body: field.text({ description: 'The note itself, in Markdown.' }),
    pinned: field.boolean({ description: 'Whether it stays on top.', default: false }),
    remindAt: field.dateTime({ description: 'When to bring it up again.' }),
    labels: field.labels({ description: 'Labels, each free text.' }),
  },
  defaultOrder: [
    { field: 'pinned', direction: 'desc' },
    { field: 'updatedAt', direction: 'desc' },
  ],
});

// Everstate's own kinds, served beside it: export { LakeFile, Todo } from 'everstate';
