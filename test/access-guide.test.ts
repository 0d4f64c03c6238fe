/** The example of docs/security.md, run as it stands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Entity } from '../src/entities/index.ts';
import { GuardedApi, viewerOf } from './support/guarded-api.ts';
import { openTemporary } from './support/temporary-store.ts';

const guide = readFileSync('docs/security.md', 'utf8');
const viewers = {
  ada: viewerOf('ada'),
  bob: viewerOf('bob'),
  tim: viewerOf('tim', [], { team: 'red' }),
  root: viewerOf('root', ['admin']),
};

test('the rule in the guide gives each viewer what the guide says, in order', async () => {
  const { Note } = await definitionIn(guide);
  const store = await openTemporary({ entities: [Note] });
  const api = new GuardedApi(store, viewers);
  const steps = [
    ...guide.matchAll(/^As (\w+)[^\n]*:\n```graphql\n(.*?)```\n(?:```json\n(.*?)```)?/gms),
  ];
  expect(steps.length).toBeGreaterThan(5);
  for (const [, viewer = '', query = '', answer] of steps) {
    const { data, errors } = await api.ask(viewer, query);
    if (answer) expect({ data, errors }).toEqual({ data: JSON.parse(answer), errors: undefined });
    else expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  }
});

/** The guide's definition as a module of its own, of this package's sources. */
async function definitionIn(text: string): Promise<{ readonly Note: Entity }> {
  const [, code = ''] = /```ts\n(import \{ defineEntity.*?)```/s.exec(text) ?? [];
  const directory = mkdtempSync(join(import.meta.dirname, 'guide-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'note.ts');
  writeFileSync(path, code.replace(`'everstate'`, `'../../src/index.ts'`));
  return await import(path);
}
