/** How the fields of a todo are called for people. */
const names: Readonly<Record<string, string>> = {
  subject: 'Subject',
  body: 'Text',
  description: 'Notes',
  status: 'Status',
  priority: 'Priority',
  labels: 'Labels',
  userId: 'Owner',
  filename: 'Name',
  filetype: 'Type',
  path: 'Folder',
  size: 'Size',
  sha256: 'SHA-256',
  version: 'Version',
};

export function fieldName(field: string): string {
  return names[field] ?? field;
}

/** Statuses that can be chosen; a todo may have another all the same. */
export const statusChoices = ['open', 'doing', 'blocked', 'done', 'dropped'] as const;
