/** Traces as a collector receives them that speaks OTLP over HTTP, from a server of its own process. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { everstate, ready, type TestServer } from './support/server.ts';
import { temporaryDirectory } from './support/temporary-store.ts';
import { until } from './support/until.ts';

interface Value {
  readonly stringValue?: string;
}
interface Attribute {
  readonly key: string;
  readonly value: Value;
}
interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number };
}

/** A collector; what it was sent so far. */
async function collect(): Promise<{ url: string; spans: Span[]; services: Set<string> }> {
  const spans: Span[] = [];
  const services = new Set<string>();
  const collector = createServer(async (request, response) => {
    const { resourceSpans } = (await json(request)) as {
      resourceSpans: {
        resource: { attributes: Attribute[] };
        scopeSpans: { spans: Span[] }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      services.add(attribute(resource, 'service.name') ?? '');
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const { port } = collector.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, services };
}

function attribute(of: { attributes: readonly Attribute[] }, key: string): string | undefined {
  return of.attributes.find((each) => each.key === key)?.value.stringValue;
}

async function serve(flags: readonly string[], endpoint: string): Promise<TestServer> {
  const data = join(temporaryDirectory(), 'data');
  const child = everstate(['serve', '--data', data, '--port', '0', ...flags], {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  return await ready(child);
}

const secret = 'nobody else is to know';
const createTodo = `mutation Make($subject: String) {
  createTodo(input: { id: "a", subject: $subject }) { ... on CreateTodoPayload { todo { id } } }
}`;
const reading = `query Reading {
  todo(id: "a") { subject history(first: 1) { edges { node { subject } } } }
}`;

describe.each([['alone'], ['with two workers', '--workers', '2']])('%s', (_how, ...flags) => {
  test('an operation is a span, and what reads below it are spans below it', async () => {
    const { url, spans, services } = await collect();
    const server = await serve(['--traces', ...flags], url);
    await server.data(createTodo, { subject: secret });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ query: reading }),
    });
    const { data } = await response.json();
    expect(data.todo.subject).toBe(secret);
    await server.ask('query Failing { todo(id: "a", asOf: { position: "9" }) { id } }');
    const named = (name: string) => spans.find((span) => span.name === name);
    // Another worker may have been asked, and tells of it by itself.
    await until(() => ['query.Reading', 'query.Failing'].every((name) => named(name)));
    const operation = named('query.Reading') as Span;
    // It goes on with the trace of whoever asked, and is found by the id that they were told.
    expect([operation.traceId, operation.parentSpanId]).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
    expect(attribute(operation, 'everstate.request_id')).toBe(response.headers.get('x-request-id'));
    const fields = spans.filter(({ traceId }) => traceId === operation.traceId).slice(0);
    const byPath = new Map(fields.map((span) => [attribute(span, 'graphql.field.path'), span]));
    expect([...byPath.keys()].sort()).toEqual(['todo', 'todo.history', undefined]);
    expect(byPath.get('todo')?.parentSpanId).toBe(operation.spanId);
    expect(byPath.get('todo.history')?.parentSpanId).toBe(byPath.get('todo')?.spanId);
    expect(named('query.Failing')?.status.code).toBe(2);
    expect(services).toEqual(new Set(['everstate']));
    expect(JSON.stringify(spans)).not.toContain(secret);
  });
});

test('what was not sent yet is sent when the server closes', async () => {
  const { url, spans } = await collect();
  const data = join(temporaryDirectory(), 'data');
  const server = await ready(
    everstate(['serve', '--data', data, '--port', '0', '--traces'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      OTEL_SERVICE_NAME: 'mine',
    }),
  );
  await server.data('query Last { log { position } }');
  expect(spans).toEqual([]);
  expect(await server.process.stop('SIGTERM')).toMatchObject({ code: 0 });
  expect(spans.map(({ name }) => name)).toContain('query.Last');
});

test('without the setting nothing is sent, and nothing of it is loaded', async () => {
  const { url, spans } = await collect();
  const server = await serve([], url);
  await server.data('{ log { position } }');
  expect(await server.process.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  expect(spans).toEqual([]);
});
