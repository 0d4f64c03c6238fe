/** Lines of the log: how they are written, and which there are. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textLine } from '../src/text-line.ts';
import { everstate, ready, type TestServer } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

async function serve(flags: readonly string[]): Promise<TestServer> {
  const data = join(temporaryDirectory(), 'data');
  return await ready(everstate(['serve', '--data', data, '--port', '0', ...flags]));
}

const secret = 'nobody else is to know';
const createTodo = `mutation Make($subject: String) {
  createTodo(input: { subject: $subject }) { __typename }
}`;

async function post(server: TestServer, query: string, variables: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(server.url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response;
}

describe.each([['alone'], ['with two workers', '--workers', '2']])('%s', (_how, ...flags) => {
  test('an operation that takes long is logged, without what it was asked and answered', async () => {
    const server = await serve(['--slow-operation-ms', '1', ...flags]);
    const response = await post(server, createTodo, { subject: secret });
    await until(() => server.process.stderr.endsWith('\n'));
    const { level, msg, requestId, type, operation, code, cost, ...rest } = JSON.parse(
      server.process.stderr,
    );
    expect([level, msg]).toEqual([40, 'an operation was slow']);
    expect([type, operation, code, cost]).toEqual(['mutation', 'Make', 'OK', 1]);
    expect(requestId).toBe(response.headers.get('x-request-id'));
    expect(rest.durationMs).toBeGreaterThanOrEqual(1);
    expect(rest.documentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(server.process.stderr).not.toContain(secret);
  });
});

test('for 0 no operation is slow, and debugging tells of each', async () => {
  const server = await serve(['--slow-operation-ms', '0', '--log-level', 'debug']);
  await post(server, createTodo, { subject: secret });
  await post(server, '{ log { position } }', {});
  await until(() => server.process.stderr.split('\n').length === 3);
  const lines = server.process.stderr.trim().split('\n');
  const told = lines.map((line) => JSON.parse(line));
  expect(told.map(({ level, msg, operation }) => [level, msg, operation])).toEqual([
    [20, 'an operation', 'Make'],
    [20, 'an operation', null],
  ]);
  expect(server.process.stderr).not.toContain(secret);
});

test('a level leaves out what is less, and text is for people', async () => {
  const silent = await serve(['--slow-operation-ms', '1', '--log-level', 'error']);
  await post(silent, createTodo, {});
  expect((await silent.process.stop('SIGTERM')).stderr).toBe('');
  const server = await serve(['--slow-operation-ms', '1', '--log-format', 'text']);
  await post(server, createTodo, {});
  await until(() => server.process.stderr.endsWith('\n'));
  expect(server.process.stderr).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN \[\d+\] an operation was slow requestId="[0-9a-f-]{36}" type="mutation" operation="Make" .*\n$/,
  );
});

test('text has what a line has, on one line, and the stack of an error below it', () => {
  const line = JSON.stringify({
    level: 50,
    time: 0,
    pid: 7,
    hostname: 'here',
    requestId: 'a',
    path: ['todo', 0],
    err: { type: 'Error', message: 'No.', stack: 'Error: No.\n    at there' },
    msg: 'it failed',
  });
  expect(textLine(`${line}\n`)).toBe(
    '1970-01-01T00:00:00.000Z ERROR [7] it failed requestId="a" path=["todo",0]\n' +
      '    Error: No.\n        at there\n',
  );
  const broken = JSON.stringify({ level: 30, time: 0, pid: 7, msg: 'a\nb', what: 'c\nd' });
  expect(textLine(broken)).toBe('1970-01-01T00:00:00.000Z INFO [7] a\\nb what="c\\nd"\n');
});
