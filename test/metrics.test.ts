/** /metrics as Prometheus reads it: of one process, and of several. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type GroupCommit, openStore } from '../src/db/index.ts';
import { shippedEntities, Todo } from '../src/entities/index.ts';
import { OperationNames, operationNamesMax } from '../src/metrics/operation-names.ts';
import { childrenOf } from './support/children.ts';
import { readExposition, type Series, sumOf } from './support/exposition.ts';
import { PinnedConnection } from './support/pinned.ts';
import { exchange } from './support/raw-http.ts';
import { everstate, ready, type TestServer } from './support/server.ts';
import { openTemporary, temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

interface Measured {
  readonly server: TestServer;
  readonly metricsUrl: string;
  readonly read: () => Promise<Series[]>;
}

async function measured(flags: readonly string[] = []): Promise<Measured> {
  const data = join(temporaryDirectory(), 'data');
  const child = everstate([
    'serve',
    '--data',
    data,
    '--port',
    '0',
    '--metrics-port',
    '0',
    ...flags,
  ]);
  const server = await ready(child);
  const [, metricsUrl = ''] = await child.prints(/Metrics for Prometheus are at (http:\S+)\n/);
  const read = async () => readExposition(await (await fetch(metricsUrl)).text());
  return { server, metricsUrl, read };
}

const createTodo = 'mutation Make { createTodo(input: {}) { __typename } }';
const counting = 'query Counting { todos { totalCount } }';

describe('of one process', () => {
  test('operations, commits, positions, answers, memory and files are told', async () => {
    const { server, read } = await measured();
    for (let count = 0; count < 3; count += 1) await server.data(createTodo);
    for (let count = 0; count < 4; count += 1) await server.data(counting);
    await server.data('{ log { position } }');
    await server.ask('query Bad { nothing }');
    const series = await read();
    const operations = (labels: Record<string, string>) =>
      sumOf(series, 'everstate_operations_total', labels);
    expect(operations({ type: 'mutation', operation: 'Make', code: 'OK' })).toBe(3);
    expect(operations({ type: 'query', operation: 'Counting', code: 'OK' })).toBe(4);
    expect(operations({ operation: 'anonymous', code: 'OK' })).toBe(1);
    expect(operations({ operation: 'other', code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1);
    const of = (name: string, labels = {}) => sumOf(series, `everstate_${name}`, labels);
    expect(of('operation_duration_seconds_count', { operation: 'Make' })).toBe(3);
    expect(of('operation_duration_seconds_sum', { operation: 'Make' })).toBeGreaterThan(0);
    expect(of('http_responses_total', { route: 'graphql', status: '200' })).toBe(9);
    expect([of('commit_mutations_count'), of('commit_mutations_sum')]).toEqual([3, 3]);
    expect(of('commit_sync_seconds_count')).toBe(3);
    expect(of('committed_versions_total')).toBe(3);
    expect(of('head_position')).toBe(3);
    expect(of('replica_position')).toBe(3);
    expect(of('replica_lag_versions')).toBe(0);
    expect(of('log_state', { state: 'ok' })).toBe(1);
    expect(of('replica_state')).toBe(1);
    expect(of('kept_answer_hits_total', { kind: 'operation' })).toBeGreaterThanOrEqual(2);
    expect(of('kept_answer_misses_total', { kind: 'read' })).toBeGreaterThanOrEqual(1);
    expect(of('replica_memory_bytes')).toBeGreaterThan(0);
    for (const file of ['log', 'write_ahead_log', 'replica']) {
      expect(of('file_bytes', { file }), file).toBeGreaterThan(0);
    }
    expect(of('disk_free_bytes')).toBeGreaterThan(0);
    expect(of('worker_up', { worker: '1' })).toBe(1);
    expect(sumOf(series, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    // Counters count on.
    await server.data(counting);
    expect(sumOf(await read(), 'everstate_operations_total', { operation: 'Counting' })).toBe(5);
  });

  test('a subscription is a follower while it lasts', async () => {
    const { server, read } = await measured();
    const followers = async () => sumOf(await read(), 'everstate_followers');
    expect(await followers()).toBe(0);
    const events = server.subscribe('subscription { changes { position } }');
    const first = events.next();
    await until(async () => (await followers()) === 1);
    await server.data(createTodo);
    await first;
    await events.return?.();
    await until(async () => (await followers()) === 0);
  });

  test('they are at /metrics of their own port alone, for names that lead there', async () => {
    const { server, metricsUrl } = await measured();
    expect((await fetch(new URL('/metrics', server.url))).status).toBe(404);
    expect((await fetch(new URL('/', metricsUrl))).status).toBe(404);
    expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405);
    const head = await fetch(metricsUrl, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = ['GET /metrics HTTP/1.1', 'Host: rebound.example', 'Connection: close'];
    expect((await exchange(metricsUrl, lines))[0]).toBe(421);
  });

  test('without the setting there is no such port', async () => {
    const data = join(temporaryDirectory(), 'data');
    const child = everstate(['serve', '--data', data, '--port', '0']);
    await ready(child);
    expect(child.stdout).not.toContain('Prometheus');
  });

  test('a port in use is told in one line before anything is begun', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const args = ['serve', '--data', temporaryDirectory(), '--port', '0'];
    const { code, stderr } = await everstate([...args, '--metrics-port', String(port)]).end();
    expect([code, stderr]).toEqual([
      1,
      `everstate: 127.0.0.1:${port} is in use. Stop what listens there, or choose another with ` +
        '--metrics-port (0 takes a free one).\n',
    ]);
  });
});

describe('of two workers', { timeout: 60_000 }, () => {
  test('each is told apart, whichever answers; one that does not is down', async () => {
    const { server, read } = await measured(['--workers', '2']);
    // Connections are handed out in turn.
    const connections = [new PinnedConnection(server.url), new PinnedConnection(server.url)];
    for (const connection of connections) await connection.data(createTodo);
    for (const connection of connections) await connection.data(counting);
    const series = await read();
    for (const worker of ['1', '2']) {
      const of = (name: string, labels = {}) =>
        sumOf(series, `everstate_${name}`, { ...labels, worker });
      expect(of('worker_up')).toBe(1);
      expect(of('operations_total', { operation: 'Make', code: 'OK' })).toBe(1);
      expect(of('head_position')).toBe(2);
      expect(of('commit_mutations_sum')).toBe(1);
    }
    expect(sumOf(series, 'process_start_time_seconds', { worker: '2' })).toBeGreaterThan(0);
    const [, second] = childrenOf(server.process.child.pid);
    process.kill(second as number, 'SIGSTOP');
    const without = await read();
    expect(sumOf(without, 'everstate_worker_up', { worker: '1' })).toBe(1);
    expect(sumOf(without, 'everstate_worker_up', { worker: '2' })).toBe(0);
    expect(sumOf(without, 'everstate_head_position', { worker: '2' })).toBeNull();
    process.kill(second as number, 'SIGKILL');
    // Another takes its place, and its number, and counts from nothing.
    await until(async () => sumOf(await read(), 'everstate_worker_up', { worker: '2' }) === 1);
    expect(sumOf(await read(), 'everstate_committed_versions_total', { worker: '2' })).toBe(0);
  });
});

describe('what is said of them', () => {
  /** The names that stand in a text, without what a histogram's series add. */
  const namesIn = (text: string) =>
    new Set([...text.matchAll(/\b(everstate|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name));

  test('the dashboard shows metrics that there are, and the guide names all of ours', async () => {
    const { server, metricsUrl } = await measured();
    await server.data(createTodo);
    const text = await (await fetch(metricsUrl)).text();
    const series = new Set(readExposition(text).map(({ name }) => name));
    const dashboard = await readFile('deploy/grafana/everstate.json', 'utf8');
    const { panels } = JSON.parse(dashboard) as {
      panels: { id: number; type: string; targets?: { expr: string }[] }[];
    };
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(shown.length).toBeGreaterThan(20);
    for (const name of namesIn(shown.join('\n'))) expect([...series]).toContain(name);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const families = [...text.matchAll(/^# TYPE (everstate_\w+) /gm)].map(([, name]) => name);
    const guide = await readFile('docs/operations.md', 'utf8');
    const told = [...guide.matchAll(/^\| `(everstate_\w+)` \|/gm)].map(([, name]) => name);
    expect(told.sort()).toEqual(families.sort());
  });
});

describe('names of operations', () => {
  const named = (name: string | null, type = 'query') => ({ name, type });

  test('so many are told apart, and trusted ones in any case', () => {
    const names = new OperationNames(['Trusted']);
    for (let count = 0; count < operationNamesMax; count += 1) {
      expect(names.of(named(`Name${count}`))).toBe(`Name${count}`);
    }
    expect(names.of(named('OneMore'))).toBe('other');
    expect(names.of(named('Name0'))).toBe('Name0');
    expect(names.of(named('Trusted'))).toBe('Trusted');
    expect(names.of(named(null))).toBe('anonymous');
  });

  test('one that is very long, or of what is no operation, takes no room', () => {
    const names = new OperationNames();
    expect(names.of(named('x'.repeat(65)))).toBe('other');
    expect(names.of(named(null, 'unknown'))).toBe('other');
  });
});

test('a store tells of every commit what shared it, and how long it took to be on disk', async () => {
  const commits: GroupCommit[] = [];
  const store = await openTemporary({ onGroupCommit: (commit) => commits.push(commit) });
  await Promise.all([store.append(Todo, {}), store.append(Todo, {}), store.append(Todo, {})]);
  expect(commits).toEqual([{ mutations: 3, versions: 3, syncMs: expect.any(Number) }]);
  expect(commits[0]?.syncMs).toBeGreaterThan(0);
});

test('a store tells what it holds, and what is known of it once it is closed', async () => {
  const store = await openStore({ directory: temporaryDirectory(), entities: shippedEntities });
  onTestFinished(() => store.close());
  const { position } = await store.append(Todo, {});
  const measures = await store.measure();
  expect(measures).toMatchObject({ head: position, followers: 0, waitingFollowers: 0 });
  expect(measures.fileBytes.log).toBeGreaterThan(0);
  expect(measures.replicaMemory?.memoryBytes).toBeGreaterThan(0);
  await store.close();
  expect(await store.measure()).toMatchObject({ head: position, replicaMemory: null });
});
