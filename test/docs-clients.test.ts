/** The files that docs/clients.md shows are the ones that the tests of the clients run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = 'test/clients';

test('docs/clients.md shows every file of the clients’ tests, as it is, and no other', () => {
  const guide = readFileSync('docs/clients.md', 'utf8');
  const blocks = [...guide.matchAll(/^\*\*`([^`\n]+)`\*\*\n\n```\w+\n(.*?)^```$/gms)];
  const shown = Object.fromEntries(blocks.map(([, path, text]) => [path, text]));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const run = files.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]);
  expect(Object.keys(shown)).toHaveLength(blocks.length);
  expect(shown).toEqual(Object.fromEntries(run));
});
