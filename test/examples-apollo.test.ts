/** The example for Apollo Client, run as its README says, against a real server. */
import { expect, test } from 'vitest';
import { Todo } from '../src/entities/index.ts';
import { openApi, write } from './support/api.ts';
import { serve } from './support/served.ts';
import { TestProcess } from './support/server.ts';

test('the example lists, edits, is refused, follows, and goes on when it was cut off', async () => {
  const api = await openApi();
  const { url, cut } = await serve(api);
  for (let number = 0; number < 12; number += 1) {
    await api.store.append(Todo, { id: `t${number}`, priority: number, status: 'open' });
  }
  const args = ['--import', 'tsx', 'examples/apollo/todos.ts', url];
  const example = new TestProcess(args, { cwd: process.cwd() });
  await example.prints(/^13 UPDATE t0: no subject, done, revision 2\n13 CAUGHT_UP\n/m);
  await write(api, 'update', 'Todo', { id: 't1', subject: 'Paint' });
  await example.prints(/^14 UPDATE t1: Paint, open, revision 2\n/m);
  expect(cut()).toBeGreaterThan(0);
  await write(api, 'delete', 'Todo', { id: 't1' });
  await example.prints(/^15 LEAVE t1\n15 CAUGHT_UP\n/m);
  const { stdout, stderr } = await example.stop('SIGINT');
  const listed = Array.from(
    { length: 12 },
    (_, number) => `  t${number}: no subject, open, revision 1`,
  );
  expect(stdout.split('\n')).toEqual([
    '12 of 12 todos:',
    ...listed,
    'Changed t0: no subject, done, revision 2',
    'Refused: REVISION_CONFLICT',
    'Following after position 12; Ctrl-C ends it.',
    '13 UPDATE t0: no subject, done, revision 2',
    '13 CAUGHT_UP',
    '14 UPDATE t1: Paint, open, revision 2',
    '15 LEAVE t1',
    '15 CAUGHT_UP',
    '',
  ]);
  expect(stderr).toBe('');
});
