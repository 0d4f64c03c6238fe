/** Todo: something to be done. */
import { defineEntity } from './entity.ts';
import { field } from './field.ts';

export const Todo = defineEntity({
  name: 'Todo',
  description: 'Something to be done.',
  fields: {
    userId: field.id({ description: 'Whose todo it is; null when it is nobody’s in particular.' }),
    subject: field.text({ description: 'What is to be done, in one line.', lengthMax: 1_000 }),
    body: field.text({ description: 'What is to be done, in full.' }),
    priority: field.int({
      description: 'The lower, the sooner. Lists sort by it, lowest first.',
      default: 100,
      min: 0,
      max: 1_000_000,
    }),
    status: field.text({
      description: 'How far it is, in words of your own: “open”, “doing”, “done”.',
      lengthMax: 256,
    }),
    description: field.text({ description: 'Notes on the todo.' }),
    labels: field.labels({ description: 'Labels, each free text; commas included.' }),
  },
  searchFields: ['subject', 'body', 'description', 'labels'],
  defaultOrder: [
    { field: 'priority', direction: 'asc' },
    { field: 'updatedAt', direction: 'desc' },
  ],
  groups: { by: ['status', 'userId', 'priority', 'labels'], stats: ['priority'] },
  owner: 'userId',
});
