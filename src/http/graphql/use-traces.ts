/**
 * Spans of operations, by Envelop’s plugin: loaded where traces are asked for alone. Neither variables
 * nor answers are told, and errors as clients see them.
 */
import type { Plugin } from 'graphql-yoga';
import { type Marked, markOf } from '../server/request-mark.ts';

/** What a span is told of which request it is. */
const requestIdAttribute = 'everstate.request_id';

/**
 * @returns plugins for after whatever executes, in this order.
 * @throws what Node throws for packages that are not installed.
 */
export async function loadTraces(): Promise<Plugin[]> {
  const [{ useOpenTelemetry, getCurrentOtelContext, setCurrentOtelContext }, otel] =
    await Promise.all([import('@envelop/opentelemetry'), import('@opentelemetry/api')]);
  const { context, propagation, SpanKind, trace } = otel;
  // Where whoever asks has a trace already, this is a part of it (W3C Trace Context).
  const goOn = (asked: Marked) => {
    const parent = propagation.extract(context.active(), headersOf(asked));
    setCurrentOtelContext(asked, parent);
  };
  const name = (asked: Marked) => {
    trace.getSpan(getCurrentOtelContext(asked))?.setAttribute(requestIdAttribute, markOf(asked).id);
  };
  const spans = useOpenTelemetry(
    { resolvers: false, variables: false, result: false, document: false },
    trace.getTracerProvider() as never,
    SpanKind.SERVER,
    {},
    'everstate',
  );
  return [forEach(goOn), spans as unknown as Plugin, forEach(name)];
}

/** Does something for each operation before it is executed. */
function forEach(act: (asked: Marked) => void): Plugin {
  const hook = ({ args }: { readonly args: { readonly contextValue?: unknown } }) =>
    act(args.contextValue as Marked);
  return { onExecute: hook, onSubscribe: hook };
}

function headersOf({ req, request }: Marked): object {
  return req?.headers ?? Object.fromEntries(request?.headers ?? []);
}
